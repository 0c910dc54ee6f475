import { statfs } from "node:fs/promises";
import { isFootnoteError } from "@footnote/core";
import type { Command } from "commander";
import { findServer } from "../connection.ts";
import { prepare } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { maskEnvironment } from "../env.ts";

interface Finding {
  check: string;
  status: "ok" | "warning" | "failed";
  detail: string;
}

const signs = { ok: "ok     ", warning: "note   ", failed: "FAILED " } as const;

export function addDoctor(program: Command, context: Context): void {
  program
    .command("doctor")
    .description("say what is configured, reachable, degraded, durable or not, and how to fix it")
    .action(async (options: CommonOptions) => {
      const { env, folder, output } = await prepare(context, options);
      const findings: Finding[] = [];
      const add = (check: string, status: Finding["status"], detail: string) => findings.push({ check, status, detail });

      const major = Number(process.versions.node.split(".")[0]);
      add(
        "node",
        major >= 22 ? "ok" : "failed",
        `${process.versions.node}${major >= 22 ? "" : "; Footnote needs 22 or newer: start it with npm run footnote"}`,
      );
      const disk = await statfs(folder.path).catch(() => null);
      const freeGb = disk ? (disk.bavail * disk.bsize) / 1e9 : 0;
      add("data folder", freeGb > 1 ? "ok" : "warning", `${folder.path}, ${freeGb.toFixed(1)} GB free${freeGb > 1 ? "" : "; make room"}`);
      const server = env.DATABASE_URL ? null : await findServer(folder);
      if (server) {
        add("server", "ok", `running at ${server.url} (process ${server.pid})`);
        const { createClient } = await import("@footnote/sdk");
        const ready = await createClient({ url: server.url }).ready({ timeoutMs: 5000 });
        for (const [name, { status, latencyMs, detail }] of Object.entries(ready.dependencies)) {
          add(name, status === "ok" ? "ok" : "failed", [detail, `${latencyMs.toFixed(1)} ms`].filter(Boolean).join(", "));
        }
      } else {
        add("server", "warning", "none runs on this data folder; commands open the store themselves. Start one with npm start");
        try {
          const { openRuntime } = await import("../compose.ts");
          const runtime = await openRuntime({ env, folder });
          const began = performance.now();
          await runtime.store.ping();
          add("database", "ok", `${runtime.store.engine}, ${(performance.now() - began).toFixed(1)} ms`);
          const embedBegan = performance.now();
          await runtime.engine.embedder.embed({ texts: ["Does it embed?"], purpose: "query" });
          add("embedder", "ok", `${runtime.engine.embedder.space.id}, first text after ${Math.round(performance.now() - embedBegan)} ms`);
          await runtime.close({ graceMs: 1000 });
        } catch (error) {
          add("database", "failed", isFootnoteError(error) ? error.message : String(error));
        }
      }
      if (env.DATABASE_URL) add("durability", "ok", "a Postgres server, by its own fsync settings");
      else
        add(
          "durability",
          "warning",
          "the embedded database survives killed processes, not power loss; set DATABASE_URL for a Postgres server",
        );
      if (env.DATABASE_URL && !env.DATABASE_ADMIN_URL)
        add("migrations", "warning", "DATABASE_ADMIN_URL is not set; `footnote migrate` needs it");

      if (output.json) {
        output.print("", { type: "configuration", ...maskEnvironment(env) });
        for (const finding of findings) output.print("", { type: "finding", ...finding });
      } else {
        output.print("Configuration");
        for (const [name, value] of Object.entries(maskEnvironment(env))) output.print(`  ${name}=${value}`);
        output.print("\nFindings");
        for (const { check, status, detail } of findings) output.print(`  ${signs[status]} ${check}: ${detail}`);
      }
      if (findings.some(({ status }) => status === "failed")) context.exitCode = 1;
    });
}
