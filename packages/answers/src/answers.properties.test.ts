import { type AnswerEvent, canonicalText, type Hit, type LexicalAnalyzer } from "@footnote/core";
import { createFakeEmbedder, createScriptedModel, scriptText } from "@footnote/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerQuestion } from "./answer-question.ts";
import { type CollectedAnswer, collectAnswer } from "./collect-answer.ts";
import { createExtractiveModel } from "./extractive/extractive-model.ts";
import { createSentenceGate } from "./sentence-gate.ts";
import { sourceUnits } from "./source-units.ts";
import { plainTerms } from "./terms.ts";
import { question, sampleSpec } from "./testing/ask.ts";
import { sampleHits } from "./testing/sample-hits.ts";

const word = fc.constantFrom(
  "boiler", "seven", "14,5", "kg", "2026", "Gerät", "größe", "高さは", "38センチ", "。", "😀", "👩‍👩‍👧", "e\u0301", "שלום", "مرحبا", "\u202e",
  "Dr.", "e.g.", "...", "?!", "|", "-", "#", "\n", "\n\n", "\t", "\u200b", "\u00a0", "[1]", "[", "]", "```", "never", "A.", "B!", "ﬁ", "İ",
); // prettier-ignore
const source = fc
  .array(fc.oneof({ weight: 6, arbitrary: word }, { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 6 }) }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((words) => canonicalText(words.join(" ")))
  .filter((text) => text.trim() !== "");
const sources = fc.array(source, { minLength: 1, maxLength: 4 });

/** What is true of every answer, whatever was asked and said. */
function checkAnswer(answer: CollectedAnswer, hits: readonly Hit[]): void {
  const covered = new Set<number>();
  for (const { answerSpan, sourceSpan, quote, source: cited, verification } of answer.citations) {
    const chunk = hits.find((hit) => hit.chunk.id === cited.chunkId)?.chunk;
    if (chunk === undefined) throw new Error("a citation names a chunk that was not retrieved");
    expect(sourceSpan.start).toBeGreaterThanOrEqual(chunk.start);
    expect(sourceSpan.end).toBeLessThanOrEqual(chunk.end);
    expect(quote).toBe(chunk.text.slice(sourceSpan.start - chunk.start, sourceSpan.end - chunk.start));
    expect(quote.trim()).not.toBe("");
    expect(quote.isWellFormed()).toBe(true);
    expect(verification).toBe("exact");
    expect(answerSpan.start).toBeGreaterThanOrEqual(0);
    expect(answerSpan.end).toBeLessThanOrEqual(answer.text.length);
    expect(answerSpan.start).toBeLessThan(answerSpan.end);
    for (let at = answerSpan.start; at < answerSpan.end; at++) covered.add(at);
  }
  for (const { answerSpan } of answer.claims) expect(answer.text.slice(answerSpan.start, answerSpan.end).trim()).not.toBe("");
  expect(answer.text.isWellFormed()).toBe(true);
  if (answer.usage.model !== "extractive" || answer.citations.length === 0) return;
  const letters = [...answer.text.matchAll(/\p{L}/gu)].map(({ index }) => index);
  expect(letters.filter((at) => covered.has(at)).length).toBe(letters.length);
  expect(answer.claims.every(({ support }) => support === "supported")).toBe(true);
}

const analyzer: LexicalAnalyzer = {
  language: "en",
  version: 1,
  terms: plainTerms,
  analyze: () => ({ termIds: [], frequencies: [], length: 0 }),
};

async function generated(hits: readonly Hit[], deltas: readonly string[]): Promise<CollectedAnswer> {
  const model = createScriptedModel({ scripts: [scriptText(deltas)] });
  return collectAnswer(answerQuestion(question({ hits, model }).asked));
}

/** Cuts a text at any code units, inside pairs and markers too. */
const cutAt = (text: string, cuts: readonly number[]) => {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...places].map((start, index) => text.slice(start, places[index] ?? text.length));
};

describe("whatever the sources hold", () => {
  test("an extractive answer's footnotes are true and cover all its letters", async () => {
    await fc.assert(
      fc.asyncProperty(sources, source, async (texts, asked) => {
        const hits = sampleHits(texts);
        const model = createExtractiveModel({ embedder: createFakeEmbedder(), analyzerFor: () => analyzer });
        const answer = await collectAnswer(
          answerQuestion(question({ hits, model, question: asked, spec: sampleSpec({ minSupport: 0.02 }) }).asked),
        );
        checkAnswer(answer, hits);
      }),
      { numRuns: 150 },
    );
  });

  test("a generated answer's footnotes are true", async () => {
    await fc.assert(
      fc.asyncProperty(sources, fc.array(fc.tuple(source, fc.integer({ min: 0, max: 6 })), { maxLength: 4 }), async (texts, said) => {
        const hits = sampleHits(texts);
        // Some sentences are the sources' own, so that there is something to align.
        const sentences = [...said.map(([text, marker]) => `${text} [${marker}].`), `${texts[0]} [1]`];
        checkAnswer(await generated(hits, sentences), hits);
      }),
      { numRuns: 150 },
    );
  });

  test("units are slices of the text, in order, without overlap", () => {
    fc.assert(
      fc.property(source, fc.nat(1_000), (text, start) => {
        let last = start;
        for (const unit of sourceUnits({ text, start, headingPath: [] })) {
          expect(unit.text).toBe(text.slice(unit.start - start, unit.end - start));
          expect(unit.start).toBeGreaterThanOrEqual(last);
          last = unit.end;
        }
      }),
    );
  });
});

const marker = /\[\s*\d{1,4}(?:\s*[,;]\s*\d{1,4})*\s*\]/u;
/** Taking one marker out may close another around it: `[1 [2] ]`. */
const withoutMarkers = (text: string): string => (marker.test(text) ? withoutMarkers(text.replace(marker, "")) : text);
const letters = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, "");

describe("however a model's output is cut", () => {
  const output = fc
    .array(
      fc.oneof(
        source,
        fc.constantFrom(
          "[1]",
          "[2, 1]",
          "[[1], [2]]",
          "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]",
          "[99]",
          "[1",
          "[1111111111",
          "a[0]",
          "The boiler is guaranteed for seven years [1].",
          "\n",
        ),
      ),
      {
        minLength: 1,
        maxLength: 8,
      },
    )
    .map((parts) => parts.join(" "));

  test("the answer is the same", async () => {
    const hits = sampleHits(["The boiler is guaranteed for seven years.", "Das Gerät wiegt 14,5 kg."]);
    const essence = ({ text, citations, claims }: CollectedAnswer) => ({ text, citations, claims });
    await fc.assert(
      fc.asyncProperty(output, fc.array(fc.nat(2_000), { maxLength: 30 }), async (text, cuts) => {
        expect(essence(await generated(hits, cutAt(text, cuts)))).toEqual(essence(await generated(hits, [text])));
      }),
      { numRuns: 150 },
    );
  });

  test("no word of it is lost or made up, and no marker of a source stays", () => {
    fc.assert(
      fc.property(output, fc.array(fc.nat(2_000), { maxLength: 30 }), (text, cuts) => {
        const gate = createSentenceGate();
        const sentences = [...cutAt(text, cuts).flatMap((delta) => gate.push(delta)), ...gate.end()];
        const said = sentences.map((sentence) => sentence.text).join(" ");
        expect(said).not.toMatch(marker);
        expect(letters(said)).toBe(letters(withoutMarkers(text.toWellFormed())));
      }),
    );
  });

  test.each([
    ["The fee is 4 euros [[1]].", "The fee is 4 euros.", [1]],
    ["The fee [1 [2] ] is 4 euros.", "The fee is 4 euros.", [2, 1]],
    ["The fee is 4 euros [[1], [2]].", "The fee is 4 euros.", [1, 2]],
    ["See [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].", "See.", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ["[[[[[[[[[[[[[[[[[[[[[[[[[[1] fees", "[[[[[[[[[[[[[[[[[[[[[[[[[ fees", [1]],
    ["Read [] and [[x]] in a[1 [b]", "Read [] and [[x]] in a[1 [b]", []],
  ])("a marker within another goes first: %s", (text, said, numbers) => {
    const gate = createSentenceGate();
    expect([...gate.push(text), ...gate.end()]).toEqual([{ text: said, markers: numbers, separator: " " }]);
  });

  test("a marker within brackets that are none stays with its sentence", () => {
    const gate = createSentenceGate();
    expect([...gate.push("End. [3 [2] apples are red. More."), ...gate.end()].map(({ text, markers }) => [text, markers])).toEqual([
      ["End.", []],
      ["[3 apples are red.", [2]],
      ["More.", []],
    ]);
  });

  test("brackets full of digits take no longer than others", () => {
    const gate = createSentenceGate();
    for (let i = 0; i < 40; i++) gate.push(`[${"1".repeat(150)}x ${"[1 ".repeat(70)}`);
    expect(gate.end()).not.toEqual([]);
  });

  test("the text is the deltas one after another", async () => {
    const hits = sampleHits(["The boiler is guaranteed for seven years."]);
    await fc.assert(
      fc.asyncProperty(output, async (text) => {
        const model = createScriptedModel({ scripts: [scriptText([text])] });
        const asked = question({ hits, model });
        const events: AnswerEvent[] = await asked.events();
        const streamed = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
        expect(asked.saved[0]?.text).toBe(streamed);
      }),
      { numRuns: 50 },
    );
  });
});
