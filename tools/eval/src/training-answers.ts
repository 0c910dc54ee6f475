import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createUnitScorer, featureNames, type ScoredUnit, type UnitScorer } from "@footnote/answers";
import { type Embedder, FootnoteError, type GenerateRequest, type LanguageModel, type LexicalAnalyzer } from "@footnote/core";
import { tokenMatches } from "@footnote/embedding";
import { type EvalCase, readEvalCases } from "@footnote/evaluation";
import { pipelines } from "@footnote/retrieval";
import { openParts } from "@footnote/server/parts";
import type { FittedQuestion } from "./fit-answers.ts";
import { openHandbookStore, readHandbookCases } from "./handbook-store.ts";
import { inCheckout } from "./shared-folder.ts";

/** An organisation that does not exist, with its documents and the questions of its people: a folder of evals/answers. */
export interface TrainingWorld {
  name: string;
  /** Folder of its documents. */
  documents: string;
  /** Of its documents and its questions alike. */
  language: string;
  cases: EvalCase[];
}

/** The worlds that were written for fitting alone, by name. */
export async function readTrainingWorlds(): Promise<TrainingWorld[]> {
  const root = inCheckout("evals/answers");
  const folders = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    folders.toSorted().map(async (name) => {
      const questions = join(root, name, "questions.jsonl");
      const cases = readEvalCases(await readFile(questions, "utf8"), questions);
      return { name, documents: join(root, name, "documents"), language: cases[0]?.language ?? "en", cases };
    }),
  );
}

interface ReadOptions {
  embedder: Embedder;
  analyzerFor(language: string): LexicalAnalyzer;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  signal?: AbortSignal;
}

/** The questions of every world, each world through a store and an API of its own: an answer must not come from another one. */
export async function readWrittenQuestions(worlds: readonly TrainingWorld[], options: ReadOptions): Promise<FittedQuestion[]> {
  const found: FittedQuestion[] = [];
  for (const { name, documents, language, cases } of worlds) {
    options.log(`${name}: ${cases.length} questions`);
    const read = await readThroughStore(trainingCases(cases, language), { ...options, folder: documents });
    found.push(...read.map((question) => ({ ...question, world: name })));
  }
  return found;
}

/** The golden set's training questions. */
export async function readGoldenTraining(options: ReadOptions): Promise<FittedQuestion[]> {
  return readThroughStore(trainingCases(await readHandbookCases(), "en"), options);
}

/**
 * What the extractive model is given for each training question, scored. Questions in several parts, follow-ups and those with more than one expected
 * part are left out: what comes first in them depends on more than one sentence.
 */
async function readThroughStore(cases: readonly EvalCase[], options: ReadOptions & { folder?: string }): Promise<FittedQuestion[]> {
  const { embedder, analyzerFor, folder, variables, log, signal } = options;
  if (cases.length === 0) {
    throw new FootnoteError("invalid_request", "A set for fitting has no training question; give its cases the split train.");
  }
  const scorer = createUnitScorer({ embedder, analyzerFor, tokenMatches });
  const noting = "noting";
  let seen: GenerateRequest | undefined;
  const store = await openHandbookStore({
    ...(folder === undefined ? {} : { folder }),
    pipeline: "default",
    specs: [{ ...pipelines.default, name: noting, answer: { ...pipelines.default.answer, model: noting } }],
    async open(common) {
      const parts = await openParts(common);
      const [extractive] = parts.models;
      const note: LanguageModel = {
        ...extractive,
        name: noting,
        generate(request) {
          seen = request;
          return extractive.generate(request);
        },
      };
      return { ...parts, models: [...parts.models, note] };
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

/**
 * Never a test question, and none in another language than the documents. No paraphrase either: without a word in common the features do not tell its answer from other sentences, so it would only teach that
 * words in common do not matter.
 */
export function trainingCases(cases: readonly EvalCase[], documentLanguage: string): EvalCase[] {
  return cases.filter(({ split, history, spans, tags, language = "en" }) => {
    const single = history === undefined && spans.every(({ part = 1 }) => part === 1);
    return split === "train" && single && language === documentLanguage && !tags.includes("paraphrase");
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
