import {
  createSystemClock,
  FootnoteError,
  isFootnoteError,
  type GenerateRequest,
  type ModelEvent,
  type TokenUsage,
  usageOfFailure,
} from "@footnote/core";
import { createFakeClock, until } from "@footnote/core/testing";
import { createOpenAiServer, type OpenAiChatRequest, type OpenAiReply, type OpenAiServer } from "@footnote/core/testing/openai-server";
import { afterEach, describe, expect, it } from "vitest";
import { question, sampleSpec } from "../testing/ask.ts";
import { sampleHits } from "../testing/sample-hits.ts";
import { type ResilienceOptions, withResilience } from "../with-resilience.ts";
import { createOpenAiCompatibleModel, type OpenAiCompatibleModelOptions } from "./openai-compatible-model.ts";

const servers: OpenAiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

type Options = Partial<OpenAiCompatibleModelOptions & ResilienceOptions>;

async function serve(...replies: (OpenAiReply | ((request: OpenAiChatRequest) => OpenAiReply))[]) {
  const server = await createOpenAiServer({
    reply: (request, index) => {
      const reply = replies[Math.min(index, replies.length - 1)] ?? {};
      return typeof reply === "function" ? reply(request) : reply;
    },
  });
  servers.push(server);
  const model = ({ clock = createSystemClock(), timeouts = {}, completionTries = 3, ...more }: Options = {}) =>
    withResilience(createOpenAiCompatibleModel({ url: server.url, model: "test-model", ...more }), { clock, timeouts, completionTries });
  return { server, model };
}

const hits = sampleHits(["The boiler is guaranteed for seven years. The pump is guaranteed for two years.", "Descale it every 90 days."]);
const asked = (more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  question: "How long is the boiler guaranteed?",
  sources: hits.map((hit, index) => ({ marker: index + 1, hit })),
  history: [],
  maxSentences: 3,
  minSupport: 0.5,
  ...more,
});

async function collect(events: AsyncIterable<ModelEvent>) {
  const all: ModelEvent[] = [];
  for await (const event of events) all.push(event);
  const text = all.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  return { all, text, finish: all.find((event) => event.type === "finish") };
}
async function failureOf(work: () => Promise<unknown>): Promise<FootnoteError> {
  const error: unknown = await work().then(
    () => null,
    (caught: unknown) => caught,
  );
  if (isFootnoteError(error)) return error;
  throw new Error(`Expected a FootnoteError and got ${String(error)}.`);
}
describe("generate", () => {
  it("streams the text and says what was used", async () => {
    const { server, model } = await serve({
      text: ["The boiler is guaranteed ", "for seven years [1]."],
      usage: { prompt_tokens: 400, completion_tokens: 11, cached_tokens: 128 },
    });
    const { text, finish } = await collect(model({ apiKey: "sk-test" }).generate(asked()));
    expect(text).toBe("The boiler is guaranteed for seven years [1].");
    expect(finish).toEqual({ type: "finish", reason: "stop", promptTokens: 400, completionTokens: 11, cachedTokens: 128 });
    expect(server.requests[0]).toMatchObject({
      model: "test-model",
      stream: true,
      authorization: "Bearer sk-test",
      body: { temperature: 0, max_tokens: 2048 },
    });
    expect(server.requests[0]?.prompt).toContain('{"source":1,');
  });

  it("guesses what was used where the server does not say it", async () => {
    const { model } = await serve({ text: "Seven years [1].", usage: null });
    const { finish } = await collect(model().generate(asked()));
    expect(finish).toMatchObject({ completionTokens: 6 });
    expect(finish?.type === "finish" && finish.promptTokens).toBeGreaterThan(200);
  });

  it.each([["NO_ANSWER"], [["NO", "_ANS", "WER"]], [["\n NO_ANSWER. ", "Nothing in the sources says so."]]])(
    "abstains at %j, saying nothing",
    async (text) => {
      const { model } = await serve({ text });
      const { text: said, finish } = await collect(model().generate(asked()));
      expect(said).toBe("");
      expect(finish).toMatchObject({ reason: "unsupported" });
    },
  );

  it("does not take a text for an abstention that only begins like one", async () => {
    const { model } = await serve({ text: ["NO", " answer is better\0 than a wrong one [1]."] });
    expect((await collect(model().generate(asked()))).text).toBe("NO answer is better than a wrong one [1].");
    const { model: short } = await serve({ text: "NO" });
    expect((await collect(short().generate(asked()))).text).toBe("NO");
  });

  it.each([
    [{ text: "Seven years [1]. The", finishReason: "length" } as const, "length"],
    [{ text: "Sorry", finishReason: "content_filter" } as const, "refusal"],
    [{ refusal: "I cannot help with that." } as const, "refusal"],
  ])("ends with the reason of %j", async (reply, reason) => {
    const { model } = await serve(reply);
    expect((await collect(model().generate(asked()))).finish).toMatchObject({ reason });
  });

  it("leaves out what a reasoning model thinks, whichever way it is sent", async () => {
    const { model } = await serve(
      { reasoning: "Let me see.", text: "Seven years [1]." },
      { text: ["<think>Let me", " see.</think>", "Seven years [1]."] },
    );
    for (let i = 0; i < 2; i++) {
      const { text, all } = await collect(model().generate(asked()));
      expect(text.trim()).toBe("Seven years [1].");
      expect(all[0]).toEqual({ type: "text-delta", text: "", thoughtCharacters: expect.any(Number) });
    }
  });

  it.each([
    [
      { status: 429, headers: { "retry-after": "7" } },
      { code: "rate_limited", retryable: true, details: { status: 429, retryAfterMs: 7000 } },
    ],
    [{ status: 500 }, { code: "model_failed", retryable: true, details: { status: 500 } }],
    [{ status: 401 }, { code: "model_failed", retryable: false }],
    [{ status: 404 }, { code: "model_failed", retryable: false }],
    [{ status: 400 }, { code: "model_failed", retryable: false }],
    [{ rawBody: "data: {not json\n\n" }, { code: "model_failed" }],
    [
      { text: "Seven", cutAfter: 0 },
      { code: "model_failed", retryable: true },
    ],
    [
      { text: ["Seven", "years"], cutAfter: 1 },
      { code: "model_failed", retryable: false },
    ],
    [
      { text: ["Seven", "years"], failAfter: 1 },
      { code: "model_failed", retryable: false },
    ],
    [
      { text: "Seven years", finishReason: null },
      { code: "model_failed", retryable: false },
    ],
  ] satisfies [OpenAiReply, object][])("reports %j without repeating what was sent or said", async (reply, expected) => {
    const { server, model } = await serve({ error: "SECRET upstream words", ...reply });
    const failure = await failureOf(() => collect(model({ apiKey: "sk-secret" }).generate(asked())));
    expect(failure).toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
    // A server that refuses has done nothing; one that began to reply has read the prompt.
    expect(usageOfFailure(failure).promptTokens > 200).toBe(!("status" in reply) && !("rawBody" in reply));
    const shown = JSON.stringify([failure.message, failure.details, failure.cause === undefined]);
    expect(shown).not.toMatch(/SECRET|sk-secret|boiler/u);
    expect(failure.cause).toBeUndefined();
  });

  it("says that a reply of another kind is not of this API", async () => {
    const { model } = await serve({ rawBody: '{"hello":1}' });
    expect(await failureOf(async () => model().complete?.({ system: "a", prompt: "b", maxTokens: 5 }))).toMatchObject({
      retryable: false,
      message: expect.stringContaining("not of the OpenAI API"),
    });
  });

  it("says that nothing answers at the address", async () => {
    const { server, model } = await serve({});
    await server.close();
    servers.splice(0);
    expect(await failureOf(() => collect(model().generate(asked())))).toMatchObject({ code: "model_failed", retryable: true });
  });

  it("does not carry documents to where a redirect points", async () => {
    const other = await serve({ text: "Seven years [1]." });
    const { model } = await serve({ status: 307, headers: { location: `${other.server.url}/chat/completions` } });
    await failureOf(() => collect(model().generate(asked())));
    expect(other.server.requests).toHaveLength(0);
  });

  it("gives up without a first token, and between two tokens, and stops the call", async () => {
    const cases: [OpenAiReply, string, boolean][] = [
      [{ text: "Seven", stallAfter: 0 }, "sent nothing for 30 s", true],
      [{ text: ["Seven ", "years."], stallAfter: 1 }, "sent nothing for 5 s", false],
    ];
    for (const [reply, message, retryable] of cases) {
      const { server, model } = await serve(reply);
      const clock = createFakeClock();
      const events = model({ clock, timeouts: { betweenTokensMs: 5_000 } }).generate(asked());
      const seen: string[] = [];
      const done = failureOf(async () => {
        for await (const event of events) seen.push(event.type);
      });
      await until(() => server.requests.length === 1 && (retryable || seen.length > 0));
      // The wait between tokens begins a moment after the token was seen.
      let ended = false;
      void done.finally(() => (ended = true));
      await until(() => (clock.advance(30_000), ended));
      expect(await done).toMatchObject({ code: "timeout", retryable, message: expect.stringContaining(message) });
      await until(() => server.abandoned === 1);
    }
  });

  it("stops the upstream call when the asker leaves: by the signal, or by reading no further", async () => {
    const { server, model } = await serve({ text: ["Seven ", "years."], stallAfter: 1 });
    const leave = new AbortController();
    const bySignal = failureOf(async () => {
      for await (const _event of model().generate(asked({ signal: leave.signal }))) leave.abort();
    });
    expect(await bySignal).toMatchObject({ code: "cancelled" });
    await until(() => server.abandoned === 1);
    for await (const _event of model().generate(asked())) break;
    await until(() => server.abandoned === 2);
    await expect(collect(model().generate(asked({ signal: AbortSignal.abort() })))).rejects.toMatchObject({ code: "cancelled" });
    expect(server.requests).toHaveLength(2);
  });

  it("ends an answer that is many times longer than was asked for, thoughts counted, and stops the call", async () => {
    const { server, model } = await serve(
      { text: ["Seven years [1]. ", ...Array.from({ length: 40 }, () => "and so on "), "never said"], stallAfter: 41 },
      { reasoning: "Let me see. ".repeat(100), text: "never said", stallAfter: 0 },
    );
    const short = model({ maxAnswerTokens: 10 });
    const said = await collect(short.generate(asked()));
    expect(said.text).toHaveLength(160);
    expect(said.text).toMatch(/^Seven years \[1\]\. and so on/u);
    expect(said.finish).toMatchObject({ reason: "length", completionTokens: 54 });
    await until(() => server.abandoned === 1);
    const thought = await collect(short.generate(asked()));
    expect([thought.text, thought.finish]).toEqual(["", expect.objectContaining({ reason: "length", completionTokens: 54 })]);
    await until(() => server.abandoned === 2);
  });

  it("stops reading a stream that is no answer and does not end", async () => {
    const { model } = await serve({ rawBody: `data: ${"x".repeat(300_000)}` });
    expect(await failureOf(() => collect(model({ maxReplyBytes: 200_000 }).generate(asked())))).toMatchObject({
      code: "model_failed",
      retryable: false,
      message: expect.stringContaining("more than 200000 bytes"),
    });
  });

  it("refuses a prompt that is not there", async () => {
    const { server, model } = await serve({});
    expect(await failureOf(() => collect(model().generate(asked({ prompt: "nice-words@9" }))))).toMatchObject({
      code: "pipeline_incompatible",
    });
    expect(server.requests).toHaveLength(0);
  });
});

describe("an answer by it", () => {
  const spec = sampleSpec({ model: "test-model", prompt: "cited-answer@1" });

  it("is tried again before the first token, then cited and checked like any other", async () => {
    const { server, model } = await serve(
      { status: 503 },
      { text: ["The boiler is guaranteed for seven", " years [1]. Ask the moon [2]."] },
    );
    const ask = question({ model: model(), hits, spec, clock: createSystemClock() });
    await ask.events();
    const [answer] = ask.saved;
    expect(server.requests).toHaveLength(2);
    expect(answer).toMatchObject({
      finishReason: "stop",
      text: "The boiler is guaranteed for seven years. [1] Ask the moon.",
      usage: { modelCalls: 2 },
    });
    expect(answer?.citations).toMatchObject([{ marker: 1, quote: "The boiler is guaranteed for seven years." }]);
    expect(answer?.claims.map(({ support }) => support)).toEqual(["supported", "unsupported"]);
  });

  it("is not tried again after the first token", async () => {
    const { server, model } = await serve({ text: ["The boiler is guaranteed for seven years [1]. And then", " more"], cutAfter: 1 });
    const ask = question({ model: model(), hits, spec, clock: createSystemClock() });
    const events = await ask.events();
    expect(server.requests).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: "answer-end", finishReason: "error" });
    expect(ask.saved[0]?.text).toBe("The boiler is guaranteed for seven years. [1]");
  });

  it("abstains in our words", async () => {
    const { model } = await serve({ text: "NO_ANSWER" });
    const ask = question({ model: model(), hits, spec, clock: createSystemClock() });
    await ask.events();
    expect(ask.saved[0]).toMatchObject({ finishReason: "unsupported", citations: [], claims: [] });
  });
});

describe("complete", () => {
  const request = { system: "Judge.", prompt: "Is it?", maxTokens: 40 };
  const schema = {
    name: "verdict",
    jsonSchema: { type: "object", properties: { yes: { type: "boolean" } }, required: ["yes"], additionalProperties: false },
  };

  it("asks for JSON of a shape and reads it", async () => {
    const { server, model } = await serve({ text: '{"yes":true}', usage: { prompt_tokens: 20, completion_tokens: 4, cached_tokens: 0 } });
    expect(await model().complete?.({ ...request, schema })).toEqual({
      text: '{"yes":true}',
      object: { yes: true },
      finishReason: "stop",
      usage: { promptTokens: 20, completionTokens: 4, cachedTokens: 0 },
    });
    expect(server.requests[0]).toMatchObject({
      system: "Judge.",
      prompt: "Is it?",
      stream: false,
      schema,
      body: { max_tokens: 40, temperature: 0 },
    });
  });

  it("leaves out thoughts, tells a refusal, and takes what is not JSON for text", async () => {
    const { model } = await serve(
      { text: '<think>hm</think>{"yes":false}' },
      { refusal: "No." },
      { text: "perhaps" },
      { text: '{"yes"', finishReason: "length" },
    );
    const say = () => model().complete?.({ ...request, schema });
    expect(await say()).toMatchObject({ object: { yes: false } });
    expect(await say()).toMatchObject({ finishReason: "refusal" });
    expect(await say()).not.toHaveProperty("object");
    expect(await say()).toMatchObject({ finishReason: "length", text: '{"yes"' });
    expect(await model().complete?.(request)).not.toHaveProperty("object");
  });

  it("tries again what may pass, no earlier than asked, and not for ever", async () => {
    const { server, model } = await serve({ status: 429, headers: { "retry-after": "20" } }, { status: 502 }, { text: "yes" });
    const clock = createFakeClock();
    const sleeps: number[] = [];
    const watched = {
      ...clock,
      sleep: async (ms: number, signal?: AbortSignal) => (ms >= 60_000 ? clock.sleep(ms, signal) : void sleeps.push(ms)),
    };
    expect(await model({ clock: watched }).complete?.(request)).toMatchObject({ text: "yes" });
    expect(sleeps[0]).toBeGreaterThanOrEqual(20_000);
    expect(server.requests).toHaveLength(3);
    const { server: down, model: failing } = await serve({ status: 503 });
    expect(await failureOf(async () => failing({ clock: watched }).complete?.(request))).toMatchObject({
      code: "model_failed",
      retryable: true,
    });
    expect(down.requests).toHaveLength(3);
    const { server: refusing, model: refused } = await serve({ status: 400 });
    expect(await failureOf(async () => refused().complete?.(request))).toMatchObject({ retryable: false });
    expect(refusing.requests).toHaveLength(1);
  });

  it("asks without the schema where the server takes none, from then on", async () => {
    const { server, model } = await serve(({ schema }) => (schema ? { status: 400 } : { text: '{"yes":true}' }));
    const one = model();
    for (let i = 0; i < 2; i++) expect(await one.complete?.({ ...request, schema })).toMatchObject({ object: { yes: true } });
    expect(server.requests.map((sent) => sent.schema !== undefined)).toEqual([true, false, false]);
    const { server: refusing, model: refused } = await serve({ status: 400 });
    const both = refused();
    for (let i = 0; i < 2; i++)
      expect(await failureOf(async () => both.complete?.({ ...request, schema }))).toMatchObject({ details: { status: 400 } });
    expect(refusing.requests).toHaveLength(4);
  });

  it("has every call counted, those that fail too: at its guess where it may have been worked on, at nothing where it was refused", async () => {
    const none = { promptTokens: 0, completionTokens: 0, cachedTokens: 0 };
    const guess = { promptTokens: 4, completionTokens: 40, cachedTokens: 0 };
    const usage = { prompt_tokens: 20, completion_tokens: 4 };
    const cases: [OpenAiReply[], TokenUsage[]][] = [
      [
        [{ status: 400 }, { status: 503 }, { text: "yes", usage }],
        [none, none, { promptTokens: 20, completionTokens: 4, cachedTokens: 0 }],
      ],
      [
        [{ stallAfter: 0 }, { text: "yes", usage }],
        [guess, expect.objectContaining({ promptTokens: 20 })],
      ],
      [[{ rawBody: "x".repeat(300_000) }], [guess]],
      [[{ text: "yes", usage: null }], [{ promptTokens: 4, completionTokens: 1, cachedTokens: 0 }]],
    ];
    for (const [replies, expected] of cases) {
      const { model } = await serve(...replies);
      const calls: TokenUsage[] = [];
      const meter = async (guessed: TokenUsage) => {
        const at = calls.push(guessed) - 1;
        return (used: TokenUsage) => void (calls[at] = used);
      };
      await model({ timeouts: { completionMs: 1_000 }, maxReplyBytes: 200_000 })
        .complete?.({ ...request, schema, meter })
        .catch(() => {});
      expect(calls).toEqual(expected);
    }
    const { server, model } = await serve({ stallAfter: 0 });
    const leave = new AbortController();
    const calls: TokenUsage[] = [];
    const left = failureOf(async () =>
      model().complete?.({ ...request, signal: leave.signal, meter: async (guessed) => (calls.push(guessed), () => calls.pop()) }),
    );
    await until(() => server.requests.length === 1);
    leave.abort();
    expect(await left).toMatchObject({ code: "cancelled" });
    expect(calls).toEqual([guess]);
  });

  it("makes no call that the meter does not allow", async () => {
    const { server, model } = await serve({ status: 503 });
    const meter = (): never => {
      throw new FootnoteError("pipeline_incompatible", "No call is left.");
    };
    expect(await failureOf(async () => model().complete?.({ ...request, meter }))).toMatchObject({ code: "pipeline_incompatible" });
    expect(server.requests).toHaveLength(0);
  });

  it("tries again without the schema, too, and not for ever", async () => {
    const { server, model } = await serve({ status: 400 }, { status: 503 }, { text: '{"yes":true}' });
    const clock = createFakeClock();
    const patient = { ...clock, sleep: async (ms: number, signal?: AbortSignal) => (ms >= 60_000 ? clock.sleep(ms, signal) : undefined) };
    expect(await model({ clock: patient }).complete?.({ ...request, schema })).toMatchObject({ object: { yes: true } });
    expect(server.requests.map((sent) => sent.schema !== undefined)).toEqual([true, false, false]);
    const { server: down, model: failing } = await serve({ status: 400 }, { status: 503 });
    expect(await failureOf(async () => failing({ clock: patient }).complete?.({ ...request, schema }))).toMatchObject({
      details: { status: 503 },
    });
    expect(down.requests).toHaveLength(3);
  });

  it("cuts a reply that is many times longer than was asked for", async () => {
    const { model } = await serve({ text: `"${"word ".repeat(400)}"`, finishReason: "stop" });
    const reply = await model().complete?.({ ...request, schema });
    expect(reply).toMatchObject({ finishReason: "length" });
    expect(reply).not.toHaveProperty("object");
    expect(reply?.text).toHaveLength(40 * 16);
  });

  it("stops reading a reply that does not end", async () => {
    const { server, model } = await serve({ rawBody: `{"choices":[${" ".repeat(300_000)}` }, { rawBody: "x".repeat(300_000), status: 400 });
    const one = model({ maxReplyBytes: 200_000 });
    expect(await failureOf(async () => one.complete?.(request))).toMatchObject({
      code: "model_failed",
      retryable: false,
      message: expect.stringContaining("more than 200000 bytes"),
    });
    expect(server.requests).toHaveLength(1);
  });

  it("gives up after its limit and stops when the asker leaves", async () => {
    const { server, model } = await serve({ stallAfter: 0 });
    expect(await failureOf(async () => model({ timeouts: { completionMs: 1_000 }, completionTries: 1 }).complete?.(request))).toMatchObject(
      {
        code: "timeout",
      },
    );
    await until(() => server.abandoned === 1);
    const leave = new AbortController();
    const left = failureOf(async () => model().complete?.({ ...request, signal: leave.signal }));
    await until(() => server.requests.length === 2);
    leave.abort();
    expect(await left).toMatchObject({ code: "cancelled" });
    await until(() => server.abandoned === 2);
  });
});
