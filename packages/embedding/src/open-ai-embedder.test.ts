import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createFakeEmbedder, embedderContract } from "@footnote/core/testing";
import { afterEach, describe, expect, it } from "vitest";
import { createOpenAiEmbedder } from "./open-ai-embedder.ts";
import type { OpenAiEmbedderOptions } from "./open-ai-embedder.ts";

type Row = { index: number; embedding: unknown[] };
/** What the server does with the n-th request (from 0): changes rows, or answers by itself and returns null. */
type Behaviour = (context: { call: number; rows: Row[]; response: ServerResponse; request: IncomingMessage; body: Body }) => Row[] | null;
interface Body {
  model: string;
  input: string[];
  dimensions?: number;
}

const fake = createFakeEmbedder({ dimensions: 8 });
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(behaviour: Behaviour = ({ rows }) => rows) {
  const bodies: Body[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body: Body = JSON.parse(Buffer.concat(parts).toString("utf8"));
      const call = bodies.push(body) - 1;
      const answer = async () => {
        const embeddings = await fake.embed({ texts: body.input, purpose: "passage" });
        const all = embeddings.map(({ vector }, index) => ({ index, embedding: Array.from(vector, (value) => value * 3) }));
        const rows = behaviour({ call, rows: all, response, request, body });
        if (rows !== null) response.setHeader("content-type", "application/json").end(JSON.stringify({ object: "list", data: rows }));
      };
      void answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const create = (changes: Partial<OpenAiEmbedderOptions> = {}) =>
    createOpenAiEmbedder({
      baseUrl: `http://127.0.0.1:${port}/v1/`,
      apiKey: "secret-key",
      model: "Test/Model-3",
      dimensions: 8,
      backoffMs: 1,
      ...changes,
    });
  return { bodies, create };
}

embedderContract("open-ai", {
  create: async () => {
    const { create } = await start();
    return create();
  },
});

const passage = (...texts: string[]) => ({ texts, purpose: "passage" as const });
const refusing =
  (status: number, headers: Record<string, string> = {}, times = Number.POSITIVE_INFINITY): Behaviour =>
  ({ call, rows, response }) => {
    if (call >= times) return rows;
    response.writeHead(status, headers).end("a body that no error may quote");
    return null;
  };

describe("open-ai embedder", () => {
  it("sends model, key and batches, and puts shuffled rows in order", async () => {
    let authorization: string | undefined;
    const { create, bodies } = await start(({ rows, request }) => {
      authorization = request.headers.authorization;
      return rows.toReversed();
    });
    const texts = Array.from({ length: 10 }, (_, at) => `text ${at}`);
    const got = await create({ batchSize: 3, sendDimensions: true }).embed(passage(...texts));
    const expected = await fake.embed(passage(...texts));
    for (const [at, { vector }] of got.entries())
      for (const [i, value] of vector.entries()) expect(value).toBeCloseTo(expected[at]?.vector[i] ?? Number.NaN, 5);
    expect(bodies.map(({ input }) => input.length).toSorted()).toEqual([1, 3, 3, 3]);
    expect(bodies[0]).toMatchObject({ model: "Test/Model-3", dimensions: 8 });
    expect(authorization).toBe("Bearer secret-key");
    expect(create().space.id).toBe("openai_test_model_3_8");
  });

  it.each<[string, (rows: Row[]) => unknown]>([
    ["a vector of the wrong length", (rows) => rows.map((row) => ({ ...row, embedding: [1, 2] }))],
    [
      "NaN, which JSON spells null",
      (rows) => rows.map((row) => ({ ...row, embedding: row.embedding.map((value, at) => (at === 3 ? null : value)) })),
    ],
    ["a number as a string", (rows) => rows.map((row) => ({ ...row, embedding: row.embedding.map(String) }))],
    ["only zeros", (rows) => rows.map((row) => ({ ...row, embedding: row.embedding.map(() => 0) }))],
    ["a missing row", (rows) => rows.slice(1)],
    ["a row twice", (rows) => [...rows, rows[0]]],
    ["a row for no text", (rows) => rows.map((row) => ({ ...row, index: row.index + 1 }))],
    ["rows without an index", (rows) => rows.map(({ embedding }) => ({ embedding }))],
  ])("refuses %s", async (_, change) => {
    const { create, bodies } = await start(({ rows, response }) => {
      response.end(JSON.stringify({ data: change(rows) }));
      return null;
    });
    await expect(create().embed(passage("one", "two"))).rejects.toMatchObject({ code: "embedding_invalid", retryable: false });
    expect(bodies).toHaveLength(1);
  });

  it.each(["not json", "[]", '{"data":7}', ""])("refuses the answer %j", async (answer) => {
    const { create } = await start(({ response }) => {
      response.end(answer);
      return null;
    });
    await expect(create().embed(passage("one"))).rejects.toMatchObject({ code: "embedding_invalid" });
  });

  it.each([429, 500, 503, 408])("tries again after status %i", async (status) => {
    const { create, bodies } = await start(refusing(status, {}, 2));
    expect(await create().embed(passage("one"))).toHaveLength(1);
    expect(bodies).toHaveLength(3);
  });

  it("gives up after its retries, without quoting the answer or the key", async () => {
    const { create, bodies } = await start(refusing(500));
    const error: unknown = await create({ maxRetries: 2 })
      .embed(passage("one"))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "embedding_failed", retryable: true, details: { status: 500 } });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/secret-key|no error may quote/u);
    expect(bodies).toHaveLength(3);
  });

  it.each([400, 401, 403, 404])("does not try again after status %i", async (status) => {
    const { create, bodies } = await start(refusing(status));
    await expect(create().embed(passage("one"))).rejects.toMatchObject({ code: "embedding_failed", retryable: false });
    expect(bodies).toHaveLength(1);
  });

  it("waits as long as Retry-After says, as seconds or as a date, but not for hours", async () => {
    const { create, bodies } = await start(refusing(429, { "retry-after": "1" }, 1));
    const before = Date.now();
    await create().embed(passage("one"));
    expect(Date.now() - before).toBeGreaterThanOrEqual(990);
    expect(bodies).toHaveLength(2);
    const dated = await start(refusing(429, { "retry-after": new Date(Date.now() - 60_000).toUTCString() }, 1));
    expect(await dated.create().embed(passage("one"))).toHaveLength(1);
    const distant = await start(refusing(429, { "retry-after": "7200" }));
    await expect(distant.create().embed(passage("one"))).rejects.toMatchObject({ code: "embedding_failed" });
    expect(distant.bodies).toHaveLength(1);
  });

  it("ends a request that hangs, before and in the middle of its answer", async () => {
    const { create, bodies } = await start(({ call, response }) => {
      if (call === 1) response.write('{"data":');
      return null;
    });
    await expect(create({ timeoutMs: 1_000, maxRetries: 1 }).embed(passage("one"))).rejects.toMatchObject({
      code: "embedding_failed",
      retryable: true,
      message: expect.stringContaining("1000 ms"),
    });
    expect(bodies).toHaveLength(2);
  });

  it("stops at once when cancelled, in a request and in a wait", async () => {
    const cancelled = { code: "cancelled" };
    for (const behaviour of [() => null, refusing(429, { "retry-after": "30" })]) {
      const { create } = await start(behaviour);
      const controller = new AbortController();
      const call = create().embed({ ...passage("one"), signal: controller.signal });
      setTimeout(() => controller.abort(), 50);
      await expect(call).rejects.toMatchObject(cancelled);
    }
  });

  it("ends the other batches when one fails", async () => {
    const { create, bodies } = await start(({ body, response }) => {
      if (body.input[0] !== "t0") return null;
      response.writeHead(400).end();
      return null;
    });
    await expect(create({ batchSize: 1, concurrency: 2 }).embed(passage("t0", "t1", "t2", "t3"))).rejects.toMatchObject({
      details: { status: 400 },
    });
    expect(bodies.length).toBeLessThanOrEqual(2);
  });

  it("fails plainly when nobody listens, and when closed", async () => {
    const nobody = createOpenAiEmbedder({ baseUrl: "http://127.0.0.1:1", model: "m", dimensions: 8, maxRetries: 0 });
    await expect(nobody.embed(passage("one"))).rejects.toMatchObject({ code: "embedding_failed", retryable: true });
    const { create } = await start(() => null);
    const embedder = create();
    const running = embedder.embed(passage("one"));
    setTimeout(() => void embedder.close(), 50);
    await expect(running).rejects.toMatchObject({ code: "shutting_down" });
    await expect(embedder.embed(passage("one"))).rejects.toMatchObject({ code: "shutting_down" });
  });

  it("counts with the caller's tokenizer when there is one", () => {
    const options = { baseUrl: "http://127.0.0.1:1", model: "m", dimensions: 8 };
    expect(createOpenAiEmbedder({ ...options, countTokens: () => 42 }).countTokens("a")).toBe(42);
    expect(createOpenAiEmbedder(options).countTokens("abcd efghi 東京")).toBe(1 + 2 + 2);
  });
});
