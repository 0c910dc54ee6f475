import { readFile } from "node:fs/promises";
import { createUnitScorer, featureNames, type ScoredUnit, type UnitScorer } from "@footnote/answers";
import { type Embedder, type GenerateRequest, type Hit, type LexicalAnalyzer, newId } from "@footnote/core";
import { tokenMatches } from "@footnote/embedding";
import type { EvalCase } from "@footnote/evaluation";
import { pipelines } from "@footnote/retrieval";
import { z } from "zod";
import type { FittedQuestion } from "./fit-answers.ts";
import { openHandbookStore, readHandbookCases } from "./handbook-store.ts";
import { inCheckout } from "./shared-folder.ts";

const trainingSchema = z.strictObject({
  chunks: z.array(z.strictObject({ title: z.string(), headingPath: z.array(z.string()), text: z.string() })),
  /** `answers`: words that a sentence must hold to answer; none when the texts do not answer. */
  questions: z.array(z.strictObject({ question: z.string(), answers: z.array(z.string()) })),
});

const sources = 5;

/** Questions to texts of ours that were written for fitting alone: evals/answers/training.json. The five texts nearest by vector and words are the sources. */
export async function readWrittenQuestions(options: { embedder: Embedder; analyzer: LexicalAnalyzer }): Promise<FittedQuestion[]> {
  const { embedder, analyzer } = options;
  const { chunks, questions } = trainingSchema.parse(JSON.parse(await readFile(inCheckout("evals/answers/training.json"), "utf8")));
  const scorer = createUnitScorer({ embedder, analyzer, tokenMatches });
  const contexts = chunks.map(({ headingPath, text }) => `${headingPath.join(" › ")}\n${text}`);
  const embedded = await embedder.embed({ texts: contexts, purpose: "passage" });
  const termSets = contexts.map((text) => new Set(analyzer.terms(text).map(({ term }) => term)));
  const versionId = newId("version");
  const documentId = newId("document");
  const found: FittedQuestion[] = [];
  for (const { question, answers } of questions) {
    const [asked] = await embedder.embed({ texts: [question], purpose: "query" });
    const words = [...new Set(analyzer.terms(question).map(({ term }) => term))];
    const hits = chunks
      .map((chunk, ordinal): Hit => {
        const cosine = (asked?.vector ?? new Float32Array()).reduce(
          (sum, value, i) => sum + value * (embedded[ordinal]?.vector[i] ?? 0),
          0,
        );
        const shared = words.filter((word) => termSets[ordinal]?.has(word)).length / Math.max(1, words.length);
        return {
          chunk: {
            ...chunk,
            id: newId("chunk"),
            versionId,
            documentId,
            ordinal,
            start: 0,
            end: chunk.text.length,
            tokenCount: 50,
            mediaType: "text/markdown",
          },
          score: 0.7 * cosine + 0.3 * shared,
          ranks: {},
          scores: {},
        };
      })
      .toSorted((a, b) => b.score - a.score)
      .slice(0, sources);
    const { parts } = await scorer.score({ question, history: [], sources: hits.map((hit, at) => ({ marker: at + 1, hit })) });
    found.push({
      answerable: answers.length > 0,
      sentences: (parts[0] ?? []).map((unit) => sentenceOf(unit, (text) => answers.some((answer) => text.includes(answer)))),
    });
  }
  return found;
}

/**
 * The golden set's training questions through a store and an API of their own. Questions in several parts, follow-ups and those with more than one expected
 * part are left out: what comes first in them depends on more than one sentence.
 */
export async function readGoldenTraining(options: {
  embedder: Embedder;
  analyzer: LexicalAnalyzer;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  signal?: AbortSignal;
}): Promise<FittedQuestion[]> {
  const { embedder, analyzer, variables, log, signal } = options;
  const cases = trainingCases(await readHandbookCases());
  const scorer = createUnitScorer({ embedder, analyzer, tokenMatches });
  const noting = "noting";
  let seen: GenerateRequest | undefined;
  const store = await openHandbookStore({
    pipeline: "default",
    specs: [{ ...pipelines.default, name: noting, answer: { ...pipelines.default.answer, model: noting } }],
    change: {
      quoting: (extractive) => [
        {
          ...extractive,
          name: noting,
          generate(request) {
            seen = request;
            return extractive.generate(request);
          },
        },
      ],
    },
    variables,
    log,
    ...(signal ? { signal } : {}),
  });
  try {
    const found: FittedQuestion[] = [];
    for (const { question, spans, answerable } of cases) {
      seen = undefined;
      await store.client.answers.create({ question, collection: store.collection, pipeline: noting }, { signal });
      if (seen === undefined) continue;
      const parts = await partsOf(scorer, seen);
      const [only] = parts;
      if (only === undefined || parts.length > 1) continue;
      found.push({
        answerable,
        sentences: only.map((unit) =>
          sentenceOf(unit, (text) =>
            spans.some(({ quote }) => folded(quote).includes(folded(text)) || folded(text).includes(folded(quote))),
          ),
        ),
      });
    }
    return found;
  } finally {
    await store.close();
  }
}

/** Never a test question. */
export function trainingCases(cases: readonly EvalCase[]): EvalCase[] {
  return cases.filter(({ split, history, spans, language = "en" }) => {
    return split === "train" && history === undefined && language === "en" && spans.every(({ part = 1 }) => part === 1);
  });
}

/** The request's own signal is not passed on: it has fired when the answer is there. */
async function partsOf(scorer: UnitScorer, { question, history, sources: given }: GenerateRequest): Promise<ScoredUnit[][]> {
  return (await scorer.score({ question, history, sources: given })).parts;
}

function sentenceOf({ candidate, support, features }: ScoredUnit, isRight: (text: string) => boolean): FittedQuestion["sentences"][number] {
  const bears = isRight(candidate.unit.text);
  return { support, features: featureNames.map((name) => features[name]), bears, says: bears };
}

const folded = (text: string) => text.replace(/\s+/gu, " ").trim();
