import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@footnote/sdk";
import { median } from "./measure.ts";

const root = join(import.meta.dirname, "../../..");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port could be had");
  return address.port;
}

/** Milliseconds from the 202 of a 1 kB file until a search finds it, on an otherwise idle server over PGlite. */
export async function benchIngest(options: { log: (line: string) => void; files?: number }): Promise<void> {
  const { log, files = 20 } = options;
  const folder = mkdtempSync(join(tmpdir(), "footnote-bench-"));
  const port = await freePort();
  const server = spawn(process.execPath, ["apps/cli/src/main.ts", "serve", "--demo"], {
    cwd: root,
    stdio: "ignore",
    env: { ...process.env, FOOTNOTE_DATA_DIR: folder, FOOTNOTE_PORT: String(port) },
  });
  try {
    const { url, key } = await demoOf(join(folder, "demo.json"));
    const client = createClient({ url, key });
    await client.collections.put("bench");
    const times: number[] = [];
    for (let index = 0; index < files; index++) {
      const word = `quartz${index}${"abcdefgh"[index % 8]}`;
      const text = `# Note ${index}\n\nThe word of this note is ${word}. ${"It is about one kilobyte long. ".repeat(29)}\n`;
      await client.documents.put({
        collection: "bench",
        externalId: `note-${index}`,
        content: text,
        mediaType: "text/markdown",
      });
      const began = performance.now();
      for (;;) {
        const { hits } = await client.search({ query: word, collection: "bench", limit: 1 });
        if (hits[0]?.chunk.text.includes(word)) break;
        if (performance.now() - began > 60_000) throw new Error("the file did not become searchable within a minute");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      times.push(performance.now() - began);
    }
    const half = files / 2;
    log(
      `ingest: 202 to searchable, 1 kB of Markdown, ${files} files: median ${median(times).toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms`,
    );
    log(`  A/A control (second half / first half): ${(median(times.slice(half)) / median(times.slice(0, half))).toFixed(2)}`);
  } finally {
    server.kill("SIGTERM");
    await new Promise((resolve) => server.once("close", resolve));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function demoOf(path: string): Promise<{ url: string; key: string }> {
  const deadline = Date.now() + 300_000;
  while (Date.now() < deadline) {
    try {
      const demo: { url: string; key: string } = JSON.parse(readFileSync(path, "utf8"));
      return demo;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  throw new Error("the server was not ready within five minutes");
}
