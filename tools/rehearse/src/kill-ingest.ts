import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chunk, Client } from "@footnote/sdk";
import { startServer } from "./server-process.ts";

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
  const began = Date.now();
  const calm = await mkdtemp(join(tmpdir(), "footnote-calm-"));
  const killed = await mkdtemp(join(tmpdir(), "footnote-killed-"));
  const problems: string[] = [];
  try {
    const expected = await ingestUndisturbed(calm, options, problems);
    const counts = await ingestUnderKills(killed, options, { expected, problems });
    const { documents, kills } = options;
    return { documents: documents.length, kills, ...counts, seconds: Math.round((Date.now() - began) / 1000), problems };
  } finally {
    for (const folder of [calm, killed]) await rm(folder, { recursive: true, force: true });
  }
}

/** Chunks of each document by its externalId. */
type Chunks = ReadonlyMap<string, readonly string[]>;

async function ingestUndisturbed(folder: string, { documents, log }: KillIngestOptions, problems: string[]): Promise<Chunks> {
  const server = await startServer(folder);
  try {
    await putAll(server.client, documents);
    const expected = new Map<string, string[]>();
    const found = await waitForAll(server.client, documents.length, (done) => log(`undisturbed: ${done}/${documents.length} documents`));
    for (const [externalId, { id, state, error }] of found) {
      if (state !== "ready") problems.push(`${externalId} failed even without kills: ${error ?? state}`);
      else expected.set(externalId, await chunkKeys(server.client, id));
    }
    await server.stop();
    return expected;
  } finally {
    await server.kill();
  }
}

async function ingestUnderKills(
  folder: string,
  { documents, kills, aliveMs, log }: KillIngestOptions,
  { expected, problems }: { expected: Chunks; problems: string[] },
): Promise<Pick<KillIngestReport, "chunks" | "reads" | "wholeReads">> {
  const began = Date.now();
  let server = await startServer(folder);
  try {
    await putAll(server.client, documents);
    const counts = { reads: 0, wholeReads: 0 };
    for (let kill = 1; kill <= kills; kill++) {
      const until = Date.now() + aliveMs.least + Math.random() * (aliveMs.most - aliveMs.least);
      await readUntil(until, { client: server.client, expected, counts, torn: (id) => problems.push(tornRead(id, kill)) });
      await server.kill();
      server = await startServer(folder);
      const elapsed = (Date.now() - began) / 1000;
      log(`kill ${kill}/${kills}, ${counts.reads} reads, about ${Math.round((elapsed / kill) * (kills - kill))} s left`);
    }
    const after = await waitForAll(server.client, documents.length, (done) =>
      log(`after the kills: ${done}/${documents.length} documents`),
    );
    if (after.size !== documents.length) problems.push(`${after.size} documents instead of ${documents.length}`);
    const chunks = await compareAll(server.client, after, { expected, problems });
    const status = await server.stop();
    if (status !== 0) problems.push(`the server stopped with ${status}`);
    return { chunks, ...counts };
  } finally {
    await server.kill();
  }
}

function tornRead(externalId: string, kill: number): string {
  return `a read of ${externalId} before kill ${kill} saw a part of a version`;
}

interface Reads {
  client: Client;
  expected: Chunks;
  counts: { reads: number; wholeReads: number };
  /** Called for a document that was seen in part. */
  torn: (externalId: string) => void;
}

/** Reads documents at random until the time has come. */
async function readUntil(until: number, { client, expected, counts, torn }: Reads): Promise<void> {
  const known = [...(await listAll(client))];
  while (Date.now() < until && known.length > 0) {
    const [externalId, { id }] = known[Math.floor(Math.random() * known.length)] ?? known[0] ?? ["", { id: "" }];
    counts.reads++;
    const keys = await chunkKeys(client, id);
    if (keys.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    counts.wholeReads++;
    if (keys.join() !== expected.get(externalId)?.join()) torn(externalId);
  }
}

/** Returns how many chunks the documents have. */
async function compareAll(
  client: Client,
  found: ReadonlyMap<string, Found>,
  { expected, problems }: { expected: Chunks; problems: string[] },
): Promise<number> {
  let chunks = 0;
  for (const [externalId, { id, state, error }] of found) {
    if (state !== "ready") {
      problems.push(`${externalId} ended as ${state}: ${error ?? ""}`);
      continue;
    }
    const keys = await chunkKeys(client, id);
    chunks += keys.length;
    if (keys.join() !== expected.get(externalId)?.join()) problems.push(`${externalId} has other chunks than undisturbed`);
  }
  return chunks;
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
