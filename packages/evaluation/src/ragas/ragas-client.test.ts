import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { FootnoteError } from "@footnote/core";
import { until } from "@footnote/core/testing";
import { afterEach, describe, expect, it } from "vitest";
import { createRagasClient, type RagasClientOptions } from "./ragas-client.ts";
import type { RagasProblem } from "./ragas-wire.ts";

type Reply = (request: IncomingMessage, response: ServerResponse, body: string) => void;
const servers: { close(): void; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that answers its n-th request by the n-th reply, the last one for all that follow. */
async function serve(...replies: [Reply, ...Reply[]]) {
  const seen: { method: string; path: string; authorization: string | undefined; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => (body += data.toString()));
    request.on("end", () => {
      const reply = replies[Math.min(seen.length, replies.length - 1)];
      seen.push({ method: request.method ?? "", path: request.url ?? "", authorization: request.headers.authorization, body });
      reply?.(request, response, body);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  const create = (options: Partial<RagasClientOptions> = {}) => createRagasClient({ url, ...options });
  return { url, seen, create };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
const problem = (status: number, code: RagasProblem["code"], headers: Record<string, string> = {}, more: object = {}) =>
  json(status, { type: `urn:footnote:problem:${code}`, title: code, status, code, detail: "So it is.", requestId: "r1", ...more }, headers);
const usage = { judge_calls: 2, embedding_calls: 0, prompt_tokens: 10, completion_tokens: 1 };
const versions = { service: "0.1.0", ragas: "0.4.3", judge_model: "m", embeddings_model: null };
/** As many scores as samples came. */
const scores: Reply = (request, response, body) => {
  const count = String(body).split("user_input").length - 1;
  const results = Array.from({ length: count }, () => ({ id: null, scores: { faithfulness: { value: 0.5, reason: null } } }));
  json(200, { results, usage, versions, seconds: 1 })(request, response, body);
};

const request = { metrics: ["faithfulness"] as const, samples: [{ user_input: "q", response: "a", retrieved_contexts: ["c"] }] };
const failing = (client: ReturnType<typeof createRagasClient>, more: { signal?: AbortSignal } = {}) =>
  client.score({ ...request, ...more }).then(
    () => expect.fail("it must not succeed"),
    (error: unknown) => (error instanceof FootnoteError ? error : expect.fail(String(error))),
  );

describe("createRagasClient", () => {
  it("sends what is asked with the token, and reads the scores", async () => {
    const { seen, create } = await serve(scores);
    const answer = await create({ token: "sesame" }).score(request);
    expect(answer.results[0]?.scores.faithfulness?.value).toBe(0.5);
    expect(seen).toMatchObject([{ method: "POST", path: "/v1/score", authorization: "Bearer sesame" }]);
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual(request);
  });

  it("cuts many samples into batches and adds up what they cost", async () => {
    const { seen, create } = await serve(scores);
    const samples = Array.from({ length: 5 }, () => ({ user_input: "q" }));
    const answer = await create({ batchSize: 2 }).score({ metrics: ["faithfulness"], samples });
    expect(answer.results).toHaveLength(5);
    expect(answer.usage).toEqual({ judge_calls: 6, embedding_calls: 0, prompt_tokens: 30, completion_tokens: 3 });
    expect(answer.seconds).toBe(3);
    expect(seen).toHaveLength(3);
  });

  it.each<[string, Reply]>([
    ["502", problem(502, "judge_unreachable")],
    ["503 with a time to come back", problem(503, "overloaded", { "retry-after": "0" })],
    ["a cut connection", (_request, response) => response.destroy()],
  ])("tries again after %s", async (_name, reply) => {
    const { seen, create } = await serve(reply, reply, scores);
    expect((await create().score(request)).results).toHaveLength(1);
    expect(seen).toHaveLength(3);
  });

  it("gives up after its tries, with an error that may be gone later", async () => {
    const { seen, create } = await serve(problem(502, "judge_unreachable"));
    const error = await failing(create({ retries: 1 }));
    expect(error).toMatchObject({ code: "upstream_failed", retryable: true, details: { status: 502, requestId: "r1" } });
    expect(seen).toHaveLength(2);
  });

  it.each<[string, Reply, string, boolean]>([
    ["no judge model is set", problem(503, "judge_not_configured"), "configuration_invalid", false],
    ["no embeddings model is set", problem(503, "embeddings_not_configured"), "configuration_invalid", false],
    ["the judge refuses the key", problem(502, "judge_rejected"), "configuration_invalid", false],
    ["the token is wrong", problem(401, "unauthorized"), "configuration_invalid", false],
    ["a sample is wrong", problem(422, "invalid_request"), "invalid_request", false],
    ["the batch is too large", problem(413, "too_many_samples"), "invalid_request", false],
    ["the sidecar's time is over", problem(504, "timeout"), "timeout", true],
    ["the sidecar fails", problem(500, "internal"), "upstream_failed", true],
    ["it asks for more patience than we have", problem(503, "overloaded", { "retry-after": "3600" }), "overloaded", true],
    ["something else answers", json(404, "hello"), "upstream_failed", true],
    ["the answer has another shape", json(200, { results: 1 }), "upstream_failed", false],
    ["the number of scores is another", json(200, { results: [], usage, versions, seconds: 0 }), "upstream_failed", false],
    ["the answer is no JSON", (_request, response) => response.end("NaN"), "upstream_failed", false],
  ])("says once what is wrong when %s", async (_name, reply, code, retryable) => {
    const { seen, create } = await serve(reply);
    expect(await failing(create())).toMatchObject({ code, retryable });
    expect(seen).toHaveLength(1);
  });

  it("passes on where a request is wrong", async () => {
    const errors = [{ path: ["samples", 0, "response"], code: "empty", message: "faithfulness needs text here" }];
    const { create } = await serve(problem(422, "invalid_request", {}, { errors }));
    expect((await failing(create())).details["errors"]).toEqual(errors);
  });

  it("names a sidecar that is not there", async () => {
    const error = await failing(createRagasClient({ url: "http://127.0.0.1:9/", retries: 0 }));
    expect(error).toMatchObject({ code: "upstream_failed", message: expect.stringContaining("RAGAS_URL") });
    expect(() => createRagasClient({ url: "ragas" })).toThrow(FootnoteError);
  });

  it("ends a request at its limit and does not repeat it", async () => {
    const { seen, create } = await serve(() => {});
    expect(await failing(create({ timeoutMs: 1_000 }))).toMatchObject({ code: "timeout" });
    expect(seen).toHaveLength(1);
  });

  it("ends with its signal, also while it waits for the next try", async () => {
    const { create } = await serve(() => {});
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    expect(await failing(create(), { signal: abort.signal })).toMatchObject({ code: "cancelled" });
    expect(await failing(create(), { signal: AbortSignal.abort() })).toMatchObject({ code: "cancelled" });
    const waiting = await serve(problem(503, "overloaded", { "retry-after": "10" }));
    const second = new AbortController();
    void until(() => waiting.seen.length === 1).then(() => setTimeout(() => second.abort(), 50));
    expect(await failing(waiting.create(), { signal: second.signal })).toMatchObject({ code: "cancelled" });
    expect(waiting.seen).toHaveLength(1);
  });

  it("reads readiness also where there is none", async () => {
    const dependencies = { judge: { status: "not_configured", latency_ms: null, detail: "set it" } };
    const { create } = await serve(json(503, { status: "not_ready", dependencies }));
    expect(await create().ready()).toEqual({ status: "not_ready", dependencies });
  });
});
