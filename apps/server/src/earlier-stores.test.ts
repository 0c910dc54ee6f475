import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { loadDump, sharedPostgresServer, type TestDatabase } from "@footnote/storage/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { migrateServer, openRuntime, type Runtime } from "./compose.ts";
import { openDataFolder } from "./data-folder.ts";
import { readEnvironment } from "./env.ts";

/** What make.mjs wrote beside the stores: the keys, and what commit f4d0e46 answered. */
const writtenSchema = z.object({
  credentials: z.object({ key: z.string(), adminKey: z.string(), tenantId: z.string() }),
  revokedKey: z.string(),
  oven: z.string(),
  replies: z.array(z.object({ path: z.string(), key: z.string(), reply: z.unknown() })),
  searched: z.record(z.string(), z.unknown()),
  hits: z.array(z.looseObject({ score: z.number() })),
});

const server = await sharedPostgresServer();
const fixtures = new URL("../fixtures/f4d0e46/", import.meta.url);

describe.each(server ? ["embedded", "postgres"] : ["embedded"])("a store of commit f4d0e46, %s", (engine) => {
  let folder: string;
  let runtime: Runtime;
  let written: z.infer<typeof writtenSchema>;

  async function call(
    method: string,
    path: string,
    { key = written.credentials.key, body }: { key?: string; body?: object | string } = {},
  ) {
    const type = typeof body === "string" ? "text/markdown" : "application/json";
    const sent = typeof body === "string" ? body : JSON.stringify(body);
    const reply = await runtime.api.app.fetch(
      new Request(`http://footnote.internal${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": type },
        ...(body === undefined ? {} : { body: sent }),
      }),
    );
    const text = await reply.text();
    const isJson = reply.headers.get("content-type")?.includes("json") === true;
    return { status: reply.status, json: isJson ? z.looseObject({}).parse(JSON.parse(text)) : text };
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "footnote-earlier-"));
    const tar = brotliDecompressSync(await readFile(new URL(`${engine}.tar.br`, fixtures)));
    execFileSync("tar", ["-C", folder, "-x"], { input: tar });
    written = writtenSchema.parse(JSON.parse(await readFile(join(folder, "replies.json"), "utf8")));
    const database = engine === "postgres" ? await load(folder) : null;
    const variables = {
      FOOTNOTE_LOG_LEVEL: "silent",
      FOOTNOTE_EMBED_WORKERS: "1",
      ...(database ? { DATABASE_URL: database.databaseUrl, DATABASE_ADMIN_URL: database.adminUrl } : {}),
    };
    const env = readEnvironment({ variables, folder });
    if (database) await migrateServer(env);
    runtime = await openRuntime({ env, folder: await openDataFolder(folder) });
  }, 120_000);
  afterAll(async () => {
    await runtime.close({ graceMs: 1000 });
    await rm(folder, { recursive: true, force: true });
  });

  it("answers everything that it was asked then as it did", async () => {
    for (const { path, key, reply } of written.replies) {
      const { status, json } = await call("GET", path, { key });
      expect([path, status]).toEqual([path, 200]);
      expect([path, comparable(path, json)]).toMatchObject([path, comparable(path, reply)]);
    }
    expect((await call("GET", "/v1/collections", { key: written.revokedKey })).status).toBe(401);
  });

  it("finds what it found", async () => {
    const { json } = await call("POST", "/v1/search", { body: written.searched });
    const hits = written.hits.map(({ score, ...hit }) => ({ ...hit, score: expect.closeTo(score, 6) }));
    expect(json).toMatchObject({ hits });
  });

  it("takes new documents, questions, words and erasures", async () => {
    await runtime.worker.start();
    const made = jobSchema.parse(
      (await call("PUT", "/v1/collections/kitchen/documents/kettle.md", { body: "# Kettle\n\nThe kettle holds 3 litres.\n" })).json,
    );
    await succeeded(made.job.id);
    const question = { question: "How much does the kettle hold?", collection: "kitchen", stream: false, pipeline: "short" };
    const { json: answer } = await call("POST", "/v1/answers", { body: question });
    expect(answer).toMatchObject({ text: expect.stringContaining("3 litres") });
    const { id } = z.object({ id: z.string() }).parse(answer);
    expect((await call("POST", `/v1/answers/${id}/feedback`, { body: { rating: "up" } })).status).toBeLessThan(300);
    const erased = jobSchema.parse((await call("DELETE", `/v1/documents/${written.oven}`)).json);
    await succeeded(erased.job.id);
    expect((await call("GET", `/v1/jobs/${erased.job.id}`)).json).toMatchObject({ result: { answersRedacted: 4, documents: 1 } });
  }, 60_000);

  async function succeeded(id: string): Promise<void> {
    const state = async () => z.object({ state: z.string() }).parse((await call("GET", `/v1/jobs/${id}`)).json).state;
    await expect.poll(state, { timeout: 30_000, interval: 20 }).toBe("succeeded");
  }
});

const jobSchema = z.object({ job: z.object({ id: z.string() }) });

async function load(folder: string): Promise<TestDatabase> {
  if (!server) throw new Error("There is no Postgres server.");
  const database = await server.createDatabase();
  await loadDump(database, join(folder, "dump.sql"));
  return database;
}

const listSchema = z.looseObject({ data: z.array(z.record(z.string(), z.unknown())) });

/** A reply without what a later version or this test's own requests change: shipped pipelines, a key's last use, what searches cost. */
function comparable(path: string, reply: unknown): unknown {
  const { pathname } = new URL(path, "http://footnote.internal");
  if (pathname === "/v1/pipelines") return ofList(reply, (row) => row.name === "short");
  if (pathname === "/v1/usage") return ofList(reply, (row) => row.kind !== "search");
  if (pathname === "/v1/keys") return listSchema.parse(reply).data.map(({ lastUsedAt: _lastUsedAt, ...row }) => row);
  // That version sorted the audit's numbers as text.
  if (pathname === "/v1/audit")
    return listSchema.parse(reply).data.toSorted((a, b) => (String(a.createdAt) < String(b.createdAt) ? -1 : 1));
  return reply;
}

function ofList(reply: unknown, keep: (row: Record<string, unknown>) => boolean): unknown {
  return listSchema.parse(reply).data.filter(keep);
}
