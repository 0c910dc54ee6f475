import { statfs } from "node:fs/promises";
import { isFootnoteError, newId } from "@footnote/core";
import type { Hit } from "@footnote/core";
import { pipelines } from "@footnote/retrieval";
import { createClient, isFootnoteApiError } from "@footnote/sdk";
import type { FootnoteClient } from "@footnote/server/local-client";
import type { Command } from "commander";
import { allPages } from "@footnote/server/all-pages";
import type { Runtime } from "@footnote/server/compose";
import { findServer } from "../connection.ts";
import { prepare } from "../prepare.ts";
import type { CommonOptions, Context } from "@footnote/terminal";
import type { DataFolder } from "@footnote/server/data-folder";
import { maskEnvironment } from "@footnote/server/env";
import type { Environment } from "@footnote/server/env";
import { modelSettings } from "@footnote/server/models";

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
    .addHelpText("after", "\nExit status: 0 nothing failed, 1 something did.\n\nExample:\n  footnote doctor --json")
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
      const server = env.FOOTNOTE_URL ? { url: env.FOOTNOTE_URL } : env.DATABASE_URL ? null : await findServer(folder);
      if (server) await checkServer(server, env, add);
      else await checkHere(env, folder, add);
      if (env.RERANKER_MODEL) await checkReranker(env.RERANKER_MODEL, add);
      else add("reranker", "ok", "late interaction by the embedder's token vectors; RERANKER_MODEL names a cross-encoder's folder");
      await checkModels(env, add);
      await checkRagas(env, add);
      const { language } = pipelines.default.index.analyzer;
      add(
        "language",
        "ok",
        `words are reduced to their stems in ${language}, Chinese, Japanese and Korean are cut into words; other text matches as written`,
      );
      if (!env.FOOTNOTE_URL) {
        if (env.DATABASE_URL) add("durability", "ok", "a Postgres server, by its own fsync settings");
        else {
          add(
            "durability",
            "warning",
            "not durable: the embedded database survives killed processes but does not fsync, so a power loss may cost data; set DATABASE_URL to a Postgres server",
          );
        }
      }
      if (env.DATABASE_URL && !env.DATABASE_ADMIN_URL)
        add("migrations", "warning", "DATABASE_ADMIN_URL is not set; `footnote migrate`, `backup` and `restore` need it");

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

type Add = (check: string, status: Finding["status"], detail: string) => void;

const messageOf = (error: unknown) => (isFootnoteError(error) || isFootnoteApiError(error) ? error.message : String(error));

/** Collections with something their owner should know, such as documents in a language that the embedder does not serve. */
async function checkCollections(client: FootnoteClient, add: Add): Promise<void> {
  let collections = 0;
  let noted = 0;
  for await (const { name, warnings = [] } of allPages((page) => client.collections.list(page))) {
    collections += 1;
    for (const warning of warnings) {
      noted += 1;
      add(`collection ${name}`, "warning", warning);
    }
  }
  if (collections > 0 && noted === 0) add("collections", "ok", `${collections}, all in languages that their embedders serve`);
}

/** A server says itself how its parts are. */
async function checkServer(
  server: { url: string; pid?: number; credentials?: { key: string } },
  env: Environment,
  add: Add,
): Promise<void> {
  const { url, pid } = server;
  try {
    const ready = await createClient({ url }).ready({ timeoutMs: 5000 });
    add("server", ready.status === "ready" ? "ok" : "failed", `${ready.status} at ${url}${pid === undefined ? "" : ` (process ${pid})`}`);
    for (const [name, { status, latencyMs, detail }] of Object.entries(ready.dependencies)) {
      add(name, status === "ok" ? "ok" : "failed", [detail, `${latencyMs.toFixed(1)} ms`].filter(Boolean).join(", "));
    }
    if (!env.FOOTNOTE_URL) {
      if (server.credentials) await checkCollections(createClient({ url, key: server.credentials.key }), add);
      return;
    }
    if (!env.FOOTNOTE_KEY) return add("key", "failed", "FOOTNOTE_KEY is not set; set a key of that server");
    await createClient({ url, key: env.FOOTNOTE_KEY }).collections.list({ limit: 1 });
    add("key", "ok", "it opens that server");
    await checkCollections(createClient({ url, key: env.FOOTNOTE_KEY }), add);
  } catch (error) {
    add("server", "failed", isFootnoteApiError(error) ? error.message : `nothing answers at ${url}; check that it runs`);
  }
}

/** Opens what a command would open. */
async function checkHere(env: Environment, folder: DataFolder, add: Add): Promise<void> {
  if (!env.DATABASE_URL)
    add("server", "warning", "none runs on this data folder; commands open the store themselves. Start one with npm start");
  let runtime: Runtime;
  try {
    const { openRuntime } = await import("@footnote/server/compose");
    runtime = await openRuntime({ env: { ...env, RERANKER_MODEL: undefined }, folder, warm: true });
  } catch (error) {
    return add("database", "failed", messageOf(error));
  }
  try {
    const began = performance.now();
    await runtime.store.ping();
    // Opening refuses every other role.
    const role = env.DATABASE_URL
      ? `, as ${decodeURIComponent(new URL(env.DATABASE_URL).username)}: neither owner, superuser nor BYPASSRLS`
      : "";
    add("database", "ok", `${runtime.store.engine}, schema up to date${role}, ${(performance.now() - began).toFixed(1)} ms`);
    const { embedder } = runtime.engine;
    const embedBegan = performance.now();
    await embedder.embed({ texts: ["Does it embed?"], purpose: "query" });
    add(
      "embedder",
      "ok",
      `${embedder.space.id} on this machine, ${Math.round(performance.now() - embedBegan)} ms a text, for ${embedder.capabilities.languages.join(", ")}`,
    );
    // Looked at with the keys of this folder; a check makes none.
    const credentials = await folder.readCredentials();
    if (credentials) {
      await checkCollections(runtime.client(credentials.key), add).catch((error: unknown) =>
        add("collections", "warning", messageOf(error)),
      );
    }
  } catch (error) {
    add("embedder", "failed", messageOf(error));
  } finally {
    await runtime.close({ graceMs: 1000 });
  }
}

async function checkModels(env: Environment, add: Add): Promise<void> {
  const answers = modelSettings(env, "MODEL");
  const judge = modelSettings(env, "JUDGE");
  if (!answers) add("model", "ok", "none set: answers are extractive, nothing leaves this machine; MODEL_URL and MODEL_NAME name one");
  if (!judge) add("judge", "ok", "none set: evaluations use deterministic judges; JUDGE_URL and JUDGE_NAME name one");
  if (!answers && !judge) return;
  const { probeModel } = await import("@footnote/answers/openai-compatible");
  for (const [check, settings] of [
    ["model", answers],
    ["judge", judge],
  ] as const) {
    if (!settings) continue;
    const { url, name, apiKey, prices } = settings;
    const { status, detail } = await probeModel({ url, model: name, ...(apiKey === undefined ? {} : { apiKey }) });
    const use =
      check === "model" ? `, for the pipeline "generated" and others whose answer.model is ${name}: their sources are sent there` : "";
    add(check, status, `${detail}${use}${prices ? "" : "; no prices are set, so its cost counts as 0"}`);
  }
}

async function checkRagas(env: Environment, add: Add): Promise<void> {
  const { ragasClient } = await import("@footnote/server/ragas-scores");
  const client = ragasClient(env);
  if (!client)
    return add("ragas", "ok", "none set: evaluations are scored by our own metrics alone; RAGAS_URL names a sidecar (pnpm ragas)");
  try {
    const { status, dependencies } = await client.ready({ timeoutMs: 15_000 });
    const parts = Object.entries(dependencies).map(([name, { detail }]) => `${name}: ${detail}`);
    // Readiness is open to everybody; whether our token is the right one only a call says.
    const { versions } = await client.metrics();
    add("ragas", status === "ready" ? "ok" : "failed", `ragas ${versions.ragas} at ${env.RAGAS_URL ?? ""}; ${parts.join("; ")}`);
  } catch (error) {
    add("ragas", "failed", messageOf(error));
  }
}

async function checkReranker(modelDir: string, add: Add): Promise<void> {
  try {
    const { createCrossEncoder } = await import("@footnote/embedding");
    const reranker = createCrossEncoder({ modelDir, threads: 1 });
    try {
      const { scores } = await reranker.rerank({ tenantId: newId("tenant"), query: "Does it rank?", candidates: [sampleHit()] });
      if (typeof scores[0] === "number") add("reranker", "ok", `the cross-encoder ${reranker.name}, for pipelines whose reranker names it`);
      else add("reranker", "failed", `the cross-encoder ${reranker.name} gave no score; look at its files`);
    } finally {
      await reranker.close();
    }
  } catch (error) {
    add("reranker", "failed", messageOf(error));
  }
}

function sampleHit(): Hit {
  const text = "It ranks.";
  return {
    chunk: {
      id: newId("chunk"),
      versionId: newId("version"),
      documentId: newId("document"),
      title: null,
      mediaType: "text/plain",
      ordinal: 0,
      start: 0,
      end: text.length,
      text,
      headingPath: [],
      tokenCount: 4,
    },
    score: 1,
    ranks: {},
    scores: {},
  };
}
