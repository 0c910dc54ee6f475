import { type Hit, type LexicalAnalyzer, type ModelEvent } from "@footnote/core";
import { createFakeEmbedder } from "@footnote/core/testing";
import { describe, expect, test } from "vitest";
import { answerQuestion } from "../answer-question.ts";
import { collectAnswer } from "../collect-answer.ts";
import { plainTerms } from "../terms.ts";
import { question, sampleSpec } from "../testing/ask.ts";
import { sampleHits } from "../testing/sample-hits.ts";
import { createExtractiveModel, createUnitScorer } from "./extractive-model.ts";
import { usualCosine } from "./unit-features.ts";

/** Words without stemming rules: what the model needs of an analyzer, without the retrieval package. */
const analyzer: LexicalAnalyzer = {
  language: "en",
  version: 1,
  terms: plainTerms,
  analyze: () => ({ termIds: [], frequencies: [], length: 0 }),
};

const manual = [
  "Descale the Falcon 9000 every 90 days. Use 120 millilitres of citric acid solution; never use vinegar, which damages the seals.",
  "The boiler is guaranteed for seven years. All other parts are guaranteed for two years.",
  "Das Gerät wiegt 14,5 kg und ist 38 cm hoch. 高さは38センチです。",
  "The vault word is okapiquartz.",
  "Status | Meaning\n402 | The contract has no credit left\n423 | The machine is locked for repair",
];

function ask(text: string, hits: readonly Hit[] = sampleHits(manual), history: { question: string; answer: string }[] = []) {
  const embedder = createFakeEmbedder({ dimensions: 256, languages: [] });
  const model = createExtractiveModel({ embedder, analyzerFor: () => analyzer });
  return collectAnswer(answerQuestion(question({ hits, model, question: text, history, spec: sampleSpec({ minSupport: 0.4 }) }).asked));
}

describe("the extractive model", () => {
  test.each([
    ["How long is the boiler guaranteed?", "The boiler is guaranteed for seven years."],
    ["Wie viel wiegt das Gerät?", "Das Gerät wiegt 14,5 kg und ist 38 cm hoch."],
    ["What is the vault word?", "The vault word is okapiquartz."],
    ["Which machine status is 423?", "423 | The machine is locked for repair"],
  ])("answers %s", async (asked, expected) => {
    const answer = await ask(asked);
    expect(answer.finishReason).toBe("stop");
    expect(answer.citations[0]?.quote).toBe(expected);
    expect(answer.claims.every(({ support }) => support === "supported")).toBe(true);
  });

  test.each([
    "Who won the 1998 football world cup?",
    "When is the launch?",
    "What does status 404 mean?",
    "What is the phone number of the manufacturer?",
    "Why?",
  ])("abstains on %s", async (asked) => {
    expect(await ask(asked)).toMatchObject({ finishReason: "unsupported", citations: [], claims: [] });
  });

  test("answers each part of a question and says which one is missing", async () => {
    const both = await ask("How long is the boiler guaranteed and what is the vault word?");
    expect(both.text).toContain("seven years");
    expect(both.text).toContain("okapiquartz");
    expect(both.degraded).toEqual([]);
    const one = await ask("How long is the boiler guaranteed and who invented the zeppelin airship?");
    expect(one.text).toContain("seven years");
    expect(one.degraded).toMatchObject([{ step: "generate", reason: expect.stringContaining("part 2") }]);
  });

  test("reads a follow-up with the words of the question before", async () => {
    const history = [{ question: "Is the boiler guaranteed?", answer: "Yes." }];
    expect((await ask("How long?", sampleHits(manual), history)).text).toContain("seven years");
    expect((await ask("How long?")).finishReason).toBe("unsupported");
  });

  test("says a sentence once that stands in several sources, but both when they differ in a number", async () => {
    const same = await ask("How long is the boiler guaranteed?", sampleHits([manual[1] ?? "", manual[1] ?? ""]));
    expect(same.citations).toHaveLength(1);
    const differing = await ask(
      "How long is the boiler guaranteed?",
      sampleHits(["The boiler is guaranteed for seven years.", "The boiler is guaranteed for nine years."]),
    );
    expect(differing.citations.map(({ quote }) => quote)).toEqual([
      "The boiler is guaranteed for seven years.",
      "The boiler is guaranteed for nine years.",
    ]);
  });

  test("embeds no more sentences than it may, and none twice", async () => {
    let embedded = 0;
    const fake = createFakeEmbedder();
    const embedder: typeof fake = {
      ...fake,
      embed: (request) => {
        embedded += request.texts.length;
        return fake.embed(request);
      },
    };
    const model = createExtractiveModel({ embedder, analyzerFor: () => analyzer, maxEmbedded: 10, cachedVectors: 50 });
    const hits = sampleHits(
      Array.from({ length: 5 }, (_, i) => Array.from({ length: 20 }, (_, j) => `Sentence ${j} of chunk ${i} is short.`).join(" ")),
    );
    const generate = async (): Promise<ModelEvent[]> => {
      const events: ModelEvent[] = [];
      const sources = hits.map((hit, index) => ({ marker: index + 1, hit }));
      for await (const event of model.generate({ question: "What is sentence 7?", sources, history: [], maxSentences: 4, minSupport: 0.1 }))
        events.push(event);
      return events;
    };
    const first = await generate();
    expect(embedded).toBe(11);
    expect(first.at(-1)).toMatchObject({ type: "finish", reason: "stop", embeddedTokens: expect.any(Number) });
    const second = await generate();
    expect(embedded).toBe(11);
    expect(second.slice(0, -1)).toEqual(first.slice(0, -1));
    expect(second.at(-1)).toMatchObject({ embeddedTokens: 0 });
    expect(first.filter(({ type }) => type === "quote").length).toBeLessThanOrEqual(4);
  });

  test("sees how far a sentence stands out from the others of the question", async () => {
    const scorer = createUnitScorer({ embedder: createFakeEmbedder({ dimensions: 256 }), analyzerFor: () => analyzer });
    const sources = sampleHits(manual).map((hit, index) => ({ marker: index + 1, hit }));
    const { parts } = await scorer.score({ question: "How long is the boiler guaranteed?", history: [], sources });
    const features = (parts[0] ?? []).map((unit) => unit.features);
    expect(features.length).toBeGreaterThan(5);
    const usual = usualCosine(features.map(({ cosine }) => cosine));
    for (const { cosine, contrast } of features) expect(contrast).toBeCloseTo(cosine - usual, 10);
    expect(features[0]?.contrast).toBeGreaterThan(0.2);
  });

  const english = "The boiler is guaranteed for seven years, and all of the other parts are guaranteed for two.";
  const german = "Das Gerät ist nach dem Auspacken auf Schäden zu prüfen, und der Kessel wird mit kaltem Wasser gefüllt.";
  const table = "423 | 14,5 kg";
  test.each([
    ["the sources'", "Boiler guarantee?", [english, table], "en"],
    ["the sources'", "Kessel?", [table, german], "de"],
    ["that of most of the text", "Boiler?", [english, english, german], "en"],
    ["the question's where a source is in it", "Wie wird der Kessel mit Wasser gefüllt?", [english, english, german], "de"],
    ["the sources' where none is in the question's", "Wie lange ist die Garantie auf den Kessel?", [english], "en"],
    ["English where none can be told", "Kessel?", [table], "en"],
  ])("reads everything in one language: %s", async (_, asked, texts, expected) => {
    const read: string[] = [];
    const analyzerFor = (language: string) => {
      read.push(language);
      return analyzer;
    };
    const scorer = createUnitScorer({ embedder: createFakeEmbedder(), analyzerFor });
    const sources = sampleHits(texts).map((hit, index) => ({ marker: index + 1, hit }));
    await scorer.score({ question: asked, history: [], sources });
    expect(read).toEqual([expected]);
  });

  test("has formulas of their own for languages that the embedder does not support", async () => {
    const sources = sampleHits([german]).map((hit, index) => ({ marker: index + 1, hit }));
    const supportWith = async (languages: string[]) => {
      const scorer = createUnitScorer({ embedder: createFakeEmbedder({ languages }), analyzerFor: () => analyzer });
      const { parts } = await scorer.score({ question: "Wie wird der Kessel gefüllt?", history: [], sources });
      return parts[0]?.[0]?.support;
    };
    const supported = await supportWith(["en", "de"]);
    expect(await supportWith([])).toBe(supported);
    expect(await supportWith(["en"])).not.toBe(supported);
  });

  test("reads by the formulas that the pipeline names, and by no others", async () => {
    const named = question({
      hits: sampleHits(manual),
      model: createExtractiveModel({ embedder: createFakeEmbedder(), analyzerFor: () => analyzer }),
      spec: sampleSpec({ formulas: "extractive@0" }),
    });
    const error = (await named.events()).find(({ type }) => type === "error");
    expect(error).toMatchObject({ error: { code: "pipeline_incompatible", message: expect.stringContaining('"extractive@0"') } });
  });

  test("takes a few sentences for less than what is usual", () => {
    expect(usualCosine([])).toBe(0.2);
    expect(usualCosine([0.75])).toBeCloseTo(0.25, 10);
    expect(usualCosine(Array.from({ length: 990 }, () => 0.7))).toBeCloseTo(0.695, 10);
  });

  test("stops when its caller does", async () => {
    const controller = new AbortController();
    controller.abort();
    const model = createExtractiveModel({ embedder: createFakeEmbedder(), analyzerFor: () => analyzer });
    const events = model.generate({
      question: "Why?",
      sources: [],
      history: [],
      maxSentences: 1,
      minSupport: 0.5,
      signal: controller.signal,
    });
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "cancelled" });
  });
});
