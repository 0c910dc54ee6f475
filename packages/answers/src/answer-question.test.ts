import { type AnswerEvent, FootnoteError } from "@footnote/core";
import { createScriptedModel, scriptText, until } from "@footnote/core/testing";
import { describe, expect, test } from "vitest";
import { abstention, answerQuestion } from "./answer-question.ts";
import { collectAnswer } from "./collect-answer.ts";
import { question, readAll, sampleSpec } from "./testing/ask.ts";
import { sampleHits } from "./testing/sample-hits.ts";

const falcon = [
  "The boiler is guaranteed for seven years. All other parts are guaranteed for two years.",
  "Descale the Falcon 9000 every 90 days. Use 120 millilitres of citric acid solution; never use vinegar, which damages the seals.",
];

const types = (events: readonly AnswerEvent[]) => events.map(({ type }) => type);
const end = (events: readonly AnswerEvent[]) => {
  const last = events.at(-1);
  if (last?.type !== "answer-end") throw new Error("the stream has no end");
  return last;
};
/** Lets pending promises run until nothing moves; the fake clock does not. */
const settle = async () => {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe("a generated answer", () => {
  test("is released sentence by sentence, each with its footnote and claim", async () => {
    const hits = sampleHits(falcon);
    const model = createScriptedModel({
      scripts: [scriptText(["The boiler is guaran", "teed for seven years [", "1]. Descale it every ", "90 days. [2", "]"])],
    });
    const asked = question({ hits, model });
    const events = await asked.events();
    expect(types(events)).toEqual([
      "answer-start",
      "sources",
      "text-delta",
      "citation",
      "claim",
      "text-delta",
      "citation",
      "claim",
      "answer-end",
    ]);
    const answer = await collectAnswer(streamOf(events));
    expect(answer.text).toBe("The boiler is guaranteed for seven years. [1] Descale it every 90 days. [2]");
    expect(answer.citations.map(({ quote }) => quote)).toEqual([
      "The boiler is guaranteed for seven years.",
      "Descale the Falcon 9000 every 90 days.",
    ]);
    expect(answer.citations.map(({ answerSpan }) => answer.text.slice(answerSpan.start, answerSpan.end))).toEqual([
      "The boiler is guaranteed for seven years.",
      "Descale it every 90 days.",
    ]);
    expect(answer.citations[1]?.sourceSpan.start).toBe(hits[1]?.chunk.start);
    expect(answer.claims.map(({ support }) => support)).toEqual(["supported", "supported"]);
    expect(answer.finishReason).toBe("stop");
    expect(asked.saved[0]?.text).toBe(answer.text);
    expect(answer.usage).toMatchObject({ model: "scripted", promptTokens: 10, modelCalls: 1 });
  });

  test("drops and counts markers that name no source", async () => {
    const model = createScriptedModel({ scripts: [scriptText(["The boiler is guaranteed for seven years [9][1, 77]."])] });
    const asked = question({ hits: sampleHits(falcon), model });
    const answer = await collectAnswer(answerQuestion(asked.asked));
    expect(answer.text).toBe("The boiler is guaranteed for seven years. [1]");
    expect(asked.counted.get("footnote_markers_dropped_total")).toBe(2);
  });

  test("marks what the sources do not bear: invented facts, other numbers, a turned negation", async () => {
    const model = createScriptedModel({
      scripts: [
        scriptText([
          "The boiler is guaranteed for nine years [1]. Zebras migrate through Kenya in July [2]. Use vinegar, which damages the seals [2].",
        ]),
      ],
    });
    const answer = await collectAnswer(answerQuestion(question({ hits: sampleHits(falcon), model }).asked));
    expect(answer.claims.map(({ support }) => support)).toEqual(["unsupported", "unsupported", "unsupported"]);
    expect(answer.text).toContain("Zebras migrate through Kenya in July. Use");
  });

  test("gets the footnote that the model forgot when a source bears the sentence", async () => {
    const model = createScriptedModel({ scripts: [scriptText(["All other parts are guaranteed for two years."])] });
    const answer = await collectAnswer(answerQuestion(question({ hits: sampleHits(falcon), model }).asked));
    expect(answer.text).toBe("All other parts are guaranteed for two years. [1]");
  });

  test("that is refused says so", async () => {
    const model = createScriptedModel({ scripts: [scriptText(["I cannot help with that."], "refusal")] });
    const answer = await collectAnswer(answerQuestion(question({ hits: sampleHits(falcon), model }).asked));
    expect(answer).toMatchObject({ finishReason: "refusal", citations: [], text: "I cannot help with that." });
  });

  test("that was cut off shows the unfinished sentence and says length", async () => {
    const model = createScriptedModel({ scripts: [scriptText(["The boiler is guaranteed for seven ye"], "length")] });
    const answer = await collectAnswer(answerQuestion(question({ hits: sampleHits(falcon), model }).asked));
    expect(answer).toMatchObject({ finishReason: "length", text: "The boiler is guaranteed for seven ye [1]" });
  });
});

describe("an abstention", () => {
  test("is a plain sentence without citation or claim", async () => {
    const model = createScriptedModel({ scripts: [scriptText([], "unsupported")] });
    const events = await question({ hits: sampleHits(falcon), model }).events();
    expect(types(events)).toEqual(["answer-start", "sources", "text-delta", "answer-end"]);
    const answer = await collectAnswer(streamOf(events));
    expect(answer).toMatchObject({ finishReason: "unsupported", text: abstention, citations: [], claims: [] });
  });

  test("without a hit does not ask the model", async () => {
    const model = createScriptedModel({ scripts: [] });
    const answer = await collectAnswer(answerQuestion(question({ hits: [], model }).asked));
    expect(answer.finishReason).toBe("unsupported");
    expect(model.requests).toHaveLength(0);
  });
});

test("a follow-up that is not completed in time is completed by rules, and the call ends", async () => {
  const hits = sampleHits(falcon);
  const searched: string[] = [];
  let given: AbortSignal | undefined;
  const asked = question({
    hits,
    question: "And the other parts?",
    history: [{ question: "How long is the boiler guaranteed?", answer: "Seven years." }],
    model: createScriptedModel({ scripts: [scriptText(["All other parts are guaranteed for two years. [1]"])] }),
    completeQuestion: (_question, _history, { signal }) => ((given = signal), new Promise(() => {})),
    search: async (query) => (searched.push(query), { hits: [...hits], timings: {}, degraded: [] }),
  });
  const reading = asked.events();
  await settle();
  asked.clock.advance(14_999);
  await settle();
  expect(searched).toEqual([]);
  asked.clock.advance(1);
  expect(end(await reading)).toMatchObject({ finishReason: "stop", degraded: [{ step: "transform", reason: "timeout" }] });
  expect(searched).toEqual([expect.stringContaining("boiler")]);
  expect(given?.aborted).toBe(true);
});

describe("extractive quotes", () => {
  test.each([
    [true, "How long is the boiler (boiler!) guaranteed, boilre-maker?"],
    [false, "How long is the boilr (boilr!) guaranteed, boilre-maker?"],
  ])("extractive: %s, is asked: %s", async (extractive, wanted) => {
    const hits = sampleHits(falcon);
    const model = createScriptedModel({ extractive, scripts: [[{ ...finish, reason: "unsupported" }]] });
    const trace = { query: "", terms: [], legs: [], fused: [], corrections: [{ from: "boilr", to: "boiler" }] };
    const search = async () => ({ hits, timings: {}, degraded: [], trace });
    const asked = question({ hits, model, search, question: "How long is the boilr (boilr!) guaranteed, boilre-maker?" });
    await asked.events();
    expect(model.requests.map((request) => request.question)).toEqual([wanted]);
    expect(asked.saved[0]?.question).toBe("How long is the boilr (boilr!) guaranteed, boilre-maker?");
  });

  const finish = { type: "finish", reason: "stop", promptTokens: 0, completionTokens: 0, cachedTokens: 0 } as const;

  test("that do not stand where they were said to are dropped and counted", async () => {
    const hits = sampleHits(falcon);
    const chunk = hits[0]?.chunk;
    const start = chunk?.start ?? 0;
    const model = createScriptedModel({
      extractive: true,
      scripts: [
        [
          {
            type: "quote",
            text: "The boiler is guaranteed for seven years.",
            marker: 1,
            sourceSpan: { start, end: start + 41 },
            support: 0.9,
          },
          {
            type: "quote",
            text: "The boiler is guaranteed for nine years.",
            marker: 1,
            sourceSpan: { start, end: start + 41 },
            support: 0.9,
          },
          { type: "quote", text: "The", marker: 1, sourceSpan: { start: start - 3, end: start }, support: 0.9 },
          { type: "quote", text: "The", marker: 4, sourceSpan: { start, end: start + 3 }, support: 0.9 },
          finish,
        ],
      ],
    });
    const asked = question({ hits, model });
    const answer = await collectAnswer(answerQuestion(asked.asked));
    expect(answer.text).toBe("The boiler is guaranteed for seven years. [1]");
    expect(asked.counted.get("footnote_quotes_dropped_total")).toBe(3);
  });

  test("missing parts are said in degraded", async () => {
    const model = createScriptedModel({ extractive: true, scripts: [[{ ...finish, missingParts: [2] }]] });
    const answer = await collectAnswer(answerQuestion(question({ hits: sampleHits(falcon), model }).asked));
    expect(answer.degraded).toEqual([
      { step: "generate", reason: expect.stringContaining("part 2"), fallback: "the other parts were answered" },
    ]);
  });
});

describe("caps and failures", () => {
  test("a model that stalls between tokens ends after 30 s with an error, keeps what was released and is stopped", async () => {
    const model = createScriptedModel({
      scripts: [[{ type: "text-delta", text: "The boiler is guaranteed for seven years [1]. All other " }, "stall"]],
    });
    const asked = question({ hits: sampleHits(falcon), model });
    const reading = asked.events();
    await settle();
    asked.clock.advance(29_999);
    await settle();
    expect(asked.saved).toHaveLength(0);
    asked.clock.advance(1);
    const events = await reading;
    expect(types(events).slice(-2)).toEqual(["error", "answer-end"]);
    expect(events.at(-2)).toMatchObject({ error: { code: "timeout" } });
    expect(end(events).finishReason).toBe("error");
    expect(asked.saved[0]).toMatchObject({ finishReason: "error", text: "The boiler is guaranteed for seven years. [1]" });
    await settle();
    expect(model.stopped.count).toBe(1);
  });

  test("the wall clock ends a model that keeps talking, without an error", async () => {
    const asked = question({ hits: sampleHits(falcon), model: createScriptedModel({ scripts: [] }) });
    const tick = () => asked.clock.advance(20_000);
    const model = createScriptedModel({
      scripts: [
        Array.from({ length: 20 }, () => [
          { type: "text-delta", text: "The boiler is guaranteed for seven years [1]. " } as const,
          tick,
        ]).flat(),
      ],
    });
    const events = await readAll(answerQuestion({ ...asked.asked, model }));
    expect(end(events).finishReason).toBe("cap");
    expect(types(events)).not.toContain("error");
    expect(asked.saved[0]?.finishReason).toBe("cap");
  });

  test("the wall clock also ends a search that hangs", async () => {
    const asked = question({ hits: [], model: createScriptedModel({ scripts: [] }), search: () => new Promise(() => {}) });
    const reading = asked.events();
    await settle();
    asked.clock.advance(120_000);
    expect(end(await reading).finishReason).toBe("cap");
  });

  test("the token cap fires before a call that would exceed it and while a model talks", async () => {
    const model = createScriptedModel({ scripts: [scriptText(["The boiler is guaranteed for seven years [1]. ", "word ".repeat(400)])] });
    const caps = { modelCalls: 4, wallClockMs: 120_000, usd: 1 };
    const spec = sampleSpec({ prompt: "cited-answer@1", caps: { ...caps, tokens: 20 } });
    const before = question({ hits: sampleHits(falcon), model, spec });
    expect(end(await before.events()).finishReason).toBe("cap");
    expect(model.requests).toHaveLength(0);
    const during = question({ hits: sampleHits(falcon), model, spec: sampleSpec({ caps: { ...caps, tokens: 200 } }) });
    expect(end(await during.events()).finishReason).toBe("cap");
    expect(during.saved[0]?.text).toBe("");
    expect(model.stopped.count).toBe(1);
  });

  test("the cost cap fires", async () => {
    const model = createScriptedModel({
      scripts: [scriptText(["The boiler is guaranteed for seven years [1]. ", "word ".repeat(400)])],
      prices: { promptUsdPerMillion: 0, completionUsdPerMillion: 10_000 },
    });
    const asked = question({ hits: sampleHits(falcon), model });
    expect(end(await asked.events()).finishReason).toBe("cap");
  });

  test("the cost cap counts the prompt before a call, and what was said before a stop is paid for", async () => {
    const prompt = "cited-answer@1";
    const dear = createScriptedModel({ scripts: [], prices: { promptUsdPerMillion: 1_000_000, completionUsdPerMillion: 0 } });
    const before = question({ hits: sampleHits(falcon), model: dear, spec: sampleSpec({ prompt }) });
    expect(end(await before.events()).finishReason).toBe("cap");
    expect(dear.requests).toHaveLength(0);
    const model = createScriptedModel({
      // Thoughts are not seen and paid for.
      scripts: [[{ type: "text-delta", text: "", thoughtCharacters: 150 }, { type: "text-delta", text: "x".repeat(150) }, "stall"]],
      prices: { promptUsdPerMillion: 0, completionUsdPerMillion: 1000 },
    });
    const leave = new AbortController();
    const left = question({
      hits: sampleHits(falcon),
      model,
      signal: leave.signal,
      spec: sampleSpec({ prompt }),
    });
    const reading = left.events();
    await settle();
    leave.abort();
    expect(end(await reading)).toMatchObject({ finishReason: "aborted", usage: { completionTokens: 100 }, cost: { generate: 0.1 } });
    expect(left.saved[0]?.usage.promptTokens).toBeGreaterThan(200);
  });

  test("a call that fails before its first event is repeated, within the cap of calls", async () => {
    const busy = new FootnoteError("upstream_failed", "The model is busy; try again.");
    const once = createScriptedModel({ scripts: [[busy], scriptText(["The boiler is guaranteed for seven years [1]."])] });
    const asked = question({ hits: sampleHits(falcon), model: once });
    const reading = asked.events();
    await settle();
    asked.clock.advance(10_000);
    expect(end(await reading)).toMatchObject({ finishReason: "stop", usage: { modelCalls: 2 } });

    const always = createScriptedModel({ scripts: [[busy]] });
    const spec = sampleSpec({ caps: { modelCalls: 1, tokens: 20_000, wallClockMs: 120_000, usd: 1 } });
    const events = await question({ hits: sampleHits(falcon), model: always, spec }).events();
    expect(end(events).finishReason).toBe("error");
    expect(always.requests).toHaveLength(1);
  });

  test("a call that is given up before its first event is paid for, one that was refused is not", async () => {
    const spec = sampleSpec({ prompt: "cited-answer@1" });
    const stalling = createScriptedModel({ scripts: [["stall"]] });
    const silent = question({ hits: sampleHits(falcon), spec, model: stalling, timeouts: { firstTokenMs: 5 } });
    const reading = silent.events();
    for (let calls = 1; calls <= 4; calls++) {
      await until(() => stalling.requests.length === calls);
      silent.clock.advance(5);
      await settle();
      silent.clock.advance(5_000);
    }
    const given = end(await reading);
    expect(given).toMatchObject({ finishReason: "error", usage: { modelCalls: 4, completionTokens: 0 } });
    expect(given.usage.promptTokens).toBeGreaterThan(4 * 200);
    const refusing = createScriptedModel({ scripts: [[new FootnoteError("model_failed", "No.", { retryable: false })]] });
    const refused = question({ hits: sampleHits(falcon), spec, model: refusing });
    expect(end(await refused.events()).usage).toMatchObject({ modelCalls: 1, promptTokens: 0 });
    const broken = createScriptedModel({
      scripts: [
        [
          new FootnoteError("model_failed", "The reply broke off.", {
            retryable: false,
            details: { usage: { promptTokens: 70, completionTokens: 3, cachedTokens: 0 } },
          }),
        ],
      ],
    });
    expect(end(await question({ hits: sampleHits(falcon), spec, model: broken }).events()).usage).toMatchObject({
      promptTokens: 70,
      completionTokens: 3,
    });
  });

  test("calls, tokens and cost of the steps before count, one that hangs too; they leave the answer a call", async () => {
    const writer = { name: "writer", prices: { promptUsdPerMillion: 0, completionUsdPerMillion: 1000 } };
    const usage = { promptTokens: 10, completionTokens: 50, cachedTokens: 0 };
    const hits = sampleHits(falcon);
    const model = createScriptedModel({ scripts: [scriptText(["The boiler is guaranteed for seven years [1]."])] });
    const refused: string[] = [];
    const ask = (caps: Partial<ReturnType<typeof sampleSpec>["answer"]["caps"]>) =>
      question({
        hits,
        model,
        spec: sampleSpec({ caps: { modelCalls: 4, tokens: 20_000, wallClockMs: 120_000, usd: 0.5, ...caps } }),
        search: async (_query, { meter }) => {
          const call = meter.callsOf("transform", writer);
          for (let i = 0; i < 5; i++) {
            try {
              await call(usage);
            } catch (error) {
              refused.push(error instanceof FootnoteError ? error.code : "another error");
            }
          }
          meter.read("embed", "space", 6);
          return { hits: [...hits], timings: {}, degraded: [] };
        },
      });
    const answered = end(await ask({}).events());
    expect(refused).toEqual(["pipeline_incompatible", "pipeline_incompatible"]);
    expect(answered).toMatchObject({
      finishReason: "stop",
      usage: { modelCalls: 4, promptTokens: 40, completionTokens: 151, embeddedTokens: 6 },
    });
    expect(answered.cost.total).toBeCloseTo(0.15);
    refused.length = 0;
    expect(end(await ask({ modelCalls: 9, usd: 0.11 }).events())).toMatchObject({ finishReason: "stop", usage: { modelCalls: 3 } });
    expect(end(await ask({ modelCalls: 9, tokens: 130 }).events()).usage.modelCalls).toBe(3);
    expect(refused).toHaveLength(3 + 3);
  });

  test("an error that is not ours reaches nobody in its own words", async () => {
    const model = createScriptedModel({ scripts: [[new Error("password=hunter2")]] });
    const asked = question({ hits: sampleHits(falcon), model });
    const events = await asked.events();
    expect(end(events).finishReason).toBe("error");
    const failure = events.find(({ type }) => type === "error");
    expect(failure).toMatchObject({ error: { code: "internal" } });
    expect(failure?.type === "error" && failure.error.message).not.toContain("hunter2");
    await expect(collectAnswer(streamOf(events))).rejects.toMatchObject({ code: "internal" });
  });

  test("an answer that cannot be stored is an error", async () => {
    const model = createScriptedModel({ scripts: [scriptText(["The boiler is guaranteed for seven years [1]."])] });
    const save = async () => {
      throw new FootnoteError("storage_failed", "The disk is full; free some space.");
    };
    const events = await question({ hits: sampleHits(falcon), model, save }).events();
    expect(types(events).slice(-2)).toEqual(["error", "answer-end"]);
    expect(end(events).finishReason).toBe("error");
  });
});

describe("leaving early", () => {
  test("stops the model and stores what was said", async () => {
    const model = createScriptedModel({
      scripts: [[{ type: "text-delta", text: "The boiler is guaranteed for seven years [1]. All other " }, "stall"]],
    });
    const asked = question({ hits: sampleHits(falcon), model });
    for await (const event of answerQuestion(asked.asked)) if (event.type === "claim") break;
    await settle();
    expect(model.stopped.count).toBe(1);
    expect(asked.saved).toMatchObject([{ finishReason: "aborted", text: "The boiler is guaranteed for seven years. [1]" }]);
  });

  test("an aborted signal ends the stream with its reason", async () => {
    const model = createScriptedModel({
      scripts: [[{ type: "text-delta", text: "The boiler is guaranteed for seven years [1]. All other " }, "stall"]],
    });
    const controller = new AbortController();
    const asked = question({ hits: sampleHits(falcon), model, signal: controller.signal });
    const reading = asked.events();
    await settle();
    controller.abort();
    const events = await reading;
    expect(end(events).finishReason).toBe("aborted");
    expect(types(events)).not.toContain("error");
    expect(asked.saved).toHaveLength(1);
    await settle();
    expect(model.stopped.count).toBe(1);
  });
});

describe("sources", () => {
  test("a question of two parts is searched once for each and both share the sources", async () => {
    const [boiler, descaling] = sampleHits(falcon);
    const queries: string[] = [];
    const model = createScriptedModel({ scripts: [scriptText([], "unsupported")] });
    const asked = question({
      hits: [],
      model,
      question: "How long is the boiler guaranteed and how often must it be descaled?",
      search: async (query) => {
        queries.push(query);
        return { hits: [query.includes("descaled") ? descaling : boiler].filter((hit) => hit !== undefined), timings: {}, degraded: [] };
      },
    });
    const answer = await collectAnswer(answerQuestion(asked.asked));
    expect(queries).toEqual(["How long is the boiler guaranteed?", "how often must it be descaled? (boiler guaranteed)"]);
    expect(answer.sources.map(({ chunk }) => chunk.id)).toEqual([boiler?.chunk.id, descaling?.chunk.id]);
  });

  test("packed neighbours are sources of their own; a failing pack is a degradation", async () => {
    const [first, second] = sampleHits(falcon);
    if (!first || !second) throw new Error("no hits");
    const model = createScriptedModel({ scripts: [scriptText(["Descale the Falcon 9000 every 90 days [2]."])] });
    const packed = question({ hits: [first], model, pack: async () => [{ hit: first, before: [], after: [second.chunk] }] });
    const answer = await collectAnswer(answerQuestion(packed.asked));
    expect(answer.citations[0]?.source.chunkId).toBe(second.chunk.id);
    const failing = question({
      hits: [first],
      model,
      pack: async () => {
        throw new FootnoteError("storage_failed", "The read failed; try again.");
      },
    });
    expect((await collectAnswer(answerQuestion(failing.asked))).degraded).toMatchObject([{ step: "pack", reason: "storage_failed" }]);
  });
});

async function* streamOf(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  yield* events;
}
