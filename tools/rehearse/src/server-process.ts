import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@footnote/sdk";
import type { Client } from "@footnote/sdk";
import { z } from "zod";

const main = join(import.meta.dirname, "../../../apps/cli/src/main.ts");
const serverSchema = z.object({ url: z.string(), pid: z.number() });
const credentialsSchema = z.object({ key: z.string() });

/** A real `footnote serve` on a data folder, in a process group of its own. */
interface ServerProcess {
  readonly client: Client;
  /** SIGKILL to the whole group; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit status. */
  stop(): Promise<number | null>;
}

export async function startServer(dataDir: string): Promise<ServerProcess> {
  const child = spawn(process.execPath, [main, "serve", "--port", "0"], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      FOOTNOTE_DATA_DIR: dataDir,
      FOOTNOTE_LOG_LEVEL: "error",
      FOOTNOTE_URL: "",
      DATABASE_URL: process.env.DATABASE_URL ?? "",
    },
  });
  let errors = "";
  child.stderr.on("data", (data: Buffer) => {
    errors = (errors + data.toString()).slice(-4000);
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const deadline = Date.now() + 180_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The server stopped with ${child.exitCode}: ${errors}`);
    if (Date.now() > deadline) {
      end(child, "SIGKILL");
      throw new Error(`The server was not ready after 180 s: ${errors}`);
    }
    const client = await connect(dataDir, child.pid);
    if (client) {
      return {
        client,
        async kill() {
          end(child, "SIGKILL");
          await exited;
        },
        async stop() {
          end(child, "SIGTERM");
          return await exited;
        },
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, signal);
}

async function connect(dataDir: string, pid: number | undefined): Promise<Client | null> {
  try {
    const server = serverSchema.parse(JSON.parse(await readFile(join(dataDir, "server.json"), "utf8")));
    if (server.pid !== pid) return null;
    const { key } = credentialsSchema.parse(JSON.parse(await readFile(join(dataDir, "credentials.json"), "utf8")));
    const client = createClient({ url: server.url, key });
    return (await client.ready({ timeoutMs: 2000 })).status === "ready" ? client : null;
  } catch {
    return null;
  }
}
