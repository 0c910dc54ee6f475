import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chunk, Client } from "@footnote/sdk";
import { startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

export interface KillIngestOptions {
  documents: readonly { externalId: string; content: string; mediaType: string }[];
  kills: number;
  /** Time until a kill is drawn evenly from this range. */
  aliveMs: { least: number; most: number };
  log: (line: string) => void;
}

export interface KillIngestReport {
  documents: number;
  chunks: number;
  kills: number;
  /** Looks at a document between kills, and how many of them found a live version. */
  reads: number;
  wholeReads: number;
  seconds: number;
  /** Sentences; none is what is wanted. */
  problems: string[];
}

const collection = "rehearsal";

/**
 * The same documents ingested twice: once undisturbed, once by a server that is killed again and again. Afterwards every
 * chunk must be equal, and every read in between must have seen a whole version or none.
 */
export async function killIngest(options: KillIngestOptions): Promise<KillIngestReport> {
  const { documents, kills, aliveMs, log } = options;
  const began = Date.now();
  const problems: string[] = [];
  const folders = [await mkdtemp(join(tmpdir(), "footnote-calm-")), await mkdtemp(join(tmpdir(), "footnote-killed-"))] as const;
  let server: ServerProcess | undefined;
  try {
    server = await startServer(folders[0]);
    await putAll(server.client, documents);
    const expected = new Map<string, string[]>();
    const calm = await waitForAll(server.client, documents.length, (done) => log(`undisturbed: ${done}/${documents.length} documents`));
    for (const [externalId, { id, state, error }] of calm) {
      if (state !== "ready") problems.push(`${externalId} failed even without kills: ${error ?? state}`);
      else expected.set(externalId, await chunkKeys(server.client, id));
    }
    await server.stop();

    server = await startServer(folders[1]);
    await putAll(server.client, documents);
    let reads = 0;
    let wholeReads = 0;
    for (let kill = 1; kill <= kills; kill++) {
      const until = Date.now() + aliveMs.least + Math.random() * (aliveMs.most - aliveMs.least);
      const known = (await listAll(server.client)) ?? new Map<string, Found>();
      const ids = [...known];
      while (Date.now() < until && ids.length > 0) {
        const [externalId, { id }] = ids[Math.floor(Math.random() * ids.length)] ?? ids[0] ?? ["", { id: "" }];
        reads++;
        const keys = await chunkKeys(server.client, id);
        if (keys.length === 0) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          continue;
        }
        wholeReads++;
        if (keys.join() !== expected.get(externalId)?.join())
          problems.push(`a read of ${externalId} before kill ${kill} saw a part of a version`);
      }
      await server.kill();
      server = await startServer(folders[1]);
      const elapsed = (Date.now() - began) / 1000;
      log(`kill ${kill}/${kills}, ${reads} reads, about ${Math.round((elapsed / kill) * (kills - kill))} s left`);
    }
    const after = await waitForAll(server.client, documents.length, (done) =>
      log(`after the kills: ${done}/${documents.length} documents`),
    );
    let chunks = 0;
    for (const [externalId, { id, state, error }] of after) {
      if (state !== "ready") {
        problems.push(`${externalId} ended as ${state}: ${error ?? ""}`);
        continue;
      }
      const keys = await chunkKeys(server.client, id);
      chunks += keys.length;
      if (keys.join() !== expected.get(externalId)?.join()) problems.push(`${externalId} has other chunks than undisturbed`);
    }
    if (after.size !== documents.length) problems.push(`${after.size} documents instead of ${documents.length}`);
    const status = await server.stop();
    if (status !== 0) problems.push(`the server stopped with ${status}`);
    server = undefined;
    return { documents: documents.length, chunks, kills, reads, wholeReads, seconds: Math.round((Date.now() - began) / 1000), problems };
  } finally {
    await server?.kill();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }
}

interface Found {
  id: string;
  state: string;
  error?: string;
}

async function putAll(client: Client, documents: KillIngestOptions["documents"]): Promise<void> {
  await client.collections.put(collection);
  for (const { externalId, content, mediaType } of documents) await client.documents.put({ collection, externalId, content, mediaType });
}

async function listAll(client: Client): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Client["documents"]["list"]>> = await client.documents.list(collection, {
      limit: 100,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { id, externalId, state, error } of page.data)
      found.set(externalId, { id, state, ...(error ? { error: error.message } : {}) });
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

async function waitForAll(client: Client, count: number, report: (done: number) => void): Promise<Map<string, Found>> {
  let last = -1;
  for (;;) {
    const found = await listAll(client);
    const done = [...found.values()].filter(({ state }) => state === "ready" || state === "failed").length;
    if (done >= last + Math.max(1, count / 10) || done === count) report((last = done));
    if (done === count) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** A line for each chunk of the live version, in order; none when no version is live. */
async function chunkKeys(client: Client, id: string): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | null = null;
  let version: string | undefined;
  do {
    const page: { data: Chunk[]; nextCursor: string | null } = await client.documents
      .chunks(id, { limit: 100, ...(version ? { version } : {}), ...(cursor === null ? {} : { cursor }) })
      .catch((error: unknown) => {
        if (error instanceof Error && "status" in error && error.status === 404) return { data: [], nextCursor: null };
        throw error;
      });
    // Later pages of the same version, also when another one becomes live meanwhile.
    version = page.data[0]?.versionId ?? version;
    for (const { ordinal, start, end, text } of page.data) {
      keys.push(`${ordinal}:${start}-${end}:${createHash("sha256").update(text).digest("hex").slice(0, 16)}`);
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return keys;
}
