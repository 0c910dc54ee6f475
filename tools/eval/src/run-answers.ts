import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createExtractiveModel,
  createUnitScorer,
  featureNames,
  type FittedFormulas,
  type FormulaPair,
  withResilience,
} from "@footnote/answers";
import { createChunker } from "@footnote/chunking";
import { createSystemClock, type DocumentId, FootnoteError, type PipelineSpec, throwIfAborted } from "@footnote/core";
import { createLateInteractionReranker, createLocalEmbedder, tokenMatches } from "@footnote/embedding";
import type { Split } from "@footnote/evaluation";
import { readBeirCorpus, readSpannedQuestions } from "@footnote/evaluation/datasets";
import { createAnalyzers, createRetriever, learnedWeights, packSources, pipelines } from "@footnote/retrieval";
import { openStore } from "@footnote/storage";
import { createTelemetry } from "@footnote/telemetry";
import { type AnsweredQuestion, answerSpanned } from "./answer-sentences.ts";
import { type AnswersReport, answersReport, formatAnswersReport } from "./answers-report.ts";
import { withEmbeddingCache } from "./embedding-cache.ts";
import { fitFormulas, type FittedQuestion, keptOut, type KeptOut, reorder } from "./fit-answers.ts";
import { createRowWriter } from "./retrieval.ts";
import { readGoldenTraining, readTrainingWorlds, readWrittenQuestions, type TrainingWorld } from "./training-answers.ts";
import { writeFitted } from "./write-fitted.ts";
import { byLaboratory } from "./laboratory.ts";

export interface RunAnswersOptions {
  /** SQuAD 2.0 with corpus.jsonl and dev-v2.0-half.json. */
  folder: string;
  /** Name of a shipped pipeline. Default `default`. */
  pipeline?: string;
  /** Only every so many questions. Default 1: all of them. */
  every?: number;
  /** Embeddings of earlier runs. Default: none are kept. */
  cacheDir?: string;
  log(line: string): void;
  signal?: AbortSignal;
}

/**
 * Every question of the set through a new embedded store and the answer path in process: search, packing, extractive model, checks; only HTTP and the stored
 * answer are left out. Gives what was seen of each question, in the order of the file.
 */
export async function answerSquad(options: RunAnswersOptions): Promise<{ answered: AnsweredQuestion[]; spec: PipelineSpec }> {
  const { folder, pipeline = "default", every = 1, cacheDir, log, signal } = options;
  const spec = Object.values(pipelines).find(({ name }) => name === pipeline);
  if (!spec)
    throw new FootnoteError("pipeline_unknown", `There is no pipeline ${pipeline}; known are ${Object.keys(pipelines).join(", ")}.`);
  const name = "dev-v2.0-half.json";
  const all = readSpannedQuestions(await readFile(join(folder, name), "utf8"), name);
  const questions = all.filter((_, at) => at % every === 0);
  const local = createLocalEmbedder({ threads: 1 });
  const embedder = cacheDir ? await withEmbeddingCache(local, cacheDir) : local;
  const dataDir = await mkdtemp(join(tmpdir(), "footnote-eval-"));
  try {
    const { id, dimensions } = local.space;
    const tokenVectors = needsTokenVectors(spec);
    const { store } = await openStore({ dataDir, spaces: [{ id, dimensions, tokenVectors }] });
    try {
      const tenant = await store.routing.createTenant({ name: "Evaluation of answers", by: byLaboratory });
      const { collection } = await store.collections.put(tenant.id, { name: "evaluation", settings: { pipeline: spec }, by: byLaboratory });
      const scope = { tenantId: tenant.id, collectionId: collection.id, spec };
      const write = createRowWriter({ store, embedder, chunkerFor: createChunker, tokenVectors, ...scope, ...(signal ? { signal } : {}) });
      const rows = new Map<string, string>();
      for await (const row of readBeirCorpus(folder)) {
        throwIfAborted(signal);
        const written = await write(row);
        if (written) rows.set(written.documentId, row.id);
      }
      await store.maintainIndex(tenant.id);
      log(`indexed ${rows.size} documents`);
      const rerankers = tokenVectors ? [createLateInteractionReranker({ embedder: local, tokenVectors: store.tokenVectors })] : [];
      const retriever = createRetriever({
        embedderFor: () => embedder,
        lexical: store.lexical,
        dense: store.dense,
        chunks: store.chunks,
        vectors: store.vectors,
        rerankers,
      });
      const analyzerFor = createAnalyzers();
      const analyzer = analyzerFor(spec.index.analyzer.language, spec.index.analyzer.version);
      const parts = { embedder, analyzerFor, tokenMatches };
      const scorer = createUnitScorer(parts);
      const telemetry = createTelemetry({ level: "silent" });
      const clock = createSystemClock();
      const model = withResilience(createExtractiveModel(parts), { clock, telemetry });
      const answered: AnsweredQuestion[] = [];
      for (const question of questions) {
        throwIfAborted(signal);
        answered.push(
          await answerSpanned({
            question,
            spec,
            model,
            scorer,
            featureNames,
            documentOf: (document: DocumentId) => rows.get(document) ?? document,
            search: (query, abort) => retriever.search({ ...scope, query, limit: spec.topK, signal: abort }),
            pack: ({ hits, signal: abort }) => packSources({ tenantId: tenant.id, hits, spec, chunks: store.chunks, signal: abort }),
            terms: (text) => analyzer.terms(text),
            clock,
            telemetry,
            ...(signal ? { signal } : {}),
          }),
        );
        if (answered.length % 500 === 0) log(`${answered.length} of ${questions.length} questions`);
      }
      return { answered, spec };
    } finally {
      await store.close();
    }
  } finally {
    await embedder.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function needsTokenVectors({ reranker }: PipelineSpec): boolean {
  if (reranker.type === "learned-linear") return learnedWeights(reranker.weights)?.signals.includes("late-interaction") ?? false;
  return reranker.type === "late-interaction";
}

/** The run with its reports: the articles that nothing was fitted on first, then those that the formulas were fitted on. */
export async function runAnswers(
  options: RunAnswersOptions,
): Promise<{ answered: AnsweredQuestion[]; reports: AnswersReport[]; minSupport: number }> {
  const { answered, spec } = await answerSquad(options);
  const of = (split: Split) => answered.filter(({ question }) => question.split === split);
  const reports = [
    answersReport("SQuAD, articles for reporting", of("test")),
    answersReport("SQuAD, articles fitted on", of("train")),
    answersReport("SQuAD, all articles", answered),
  ];
  return { answered, reports, minSupport: spec.answer.minSupport };
}

export interface AnswersFit {
  formulas: FittedFormulas;
  /** Each half of the articles by formulas fitted on the other half and on our own training questions. */
  crossFitted: AnswersReport;
  crossFittedWords: AnswersReport;
  /** Our written questions in the languages that the embedder supports, and in others, each by formulas fitted without their organisation. */
  written: KeptOut;
  writtenInOthers: KeptOut;
}

/**
 * How many times each of our own training questions counts beside one of SQuAD, of which there are some three times as many. Formulas for other languages
 * are fitted on everything, with the questions in those languages in place of our English ones.
 */
const ownWeight = 10;

/** Fits the formulas of packages/answers/src/extractive/formulas. Nothing of the articles for reporting takes part in what is to be shipped. */
export async function fitOnAnswers(
  options: Omit<RunAnswersOptions, "pipeline" | "every"> & {
    answered: readonly AnsweredQuestion[];
    minSupport: number;
    variables: Record<string, string | undefined>;
  },
): Promise<AnswersFit> {
  const { answered, minSupport, cacheDir, variables, log, signal } = options;
  const local = createLocalEmbedder({ threads: 1 });
  const embedder = cacheDir ? await withEmbeddingCache(local, cacheDir) : local;
  try {
    const reading = { embedder, analyzerFor: createAnalyzers(), variables, log, ...(signal ? { signal } : {}) };
    const isSupported = ({ language }: TrainingWorld) => embedder.capabilities.languages.includes(language);
    const worlds = await readTrainingWorlds();
    const written = await readWrittenQuestions(worlds.filter(isSupported), reading);
    const others = await readWrittenQuestions(
      worlds.filter((world) => !isSupported(world)),
      reading,
    );
    const golden = await readGoldenTraining(reading);
    const english = [...written, ...golden];
    const counted = (questions: readonly FittedQuestion[]) => questions.map((question) => ({ ...question, weight: ownWeight }));
    const half = (split: Split) => answered.filter(({ question }) => question.split === split);
    const squad = (split: Split) => half(split).map(({ sentences, question }) => ({ sentences, answerable: question.answerable }));
    const fitOn = (split: Split, own: readonly FittedQuestion[]): FormulaPair => {
      const questions = [...squad(split), ...own];
      return { tokens: fitFormulas(questions, { tokens: true }), words: fitFormulas(questions, { tokens: false }) };
    };
    const shipped = fitOn("train", counted(english));
    const other = fitOn("test", counted(english));
    const shippedForOthers = fitOn("train", [...english, ...counted(others)]);
    const crossReport = (name: string, kind: keyof FormulaPair) =>
      answersReport(name, [
        ...half("test").map((one) => reorder(one, shipped[kind], minSupport)),
        ...half("train").map((one) => reorder(one, other[kind], minSupport)),
      ]);
    return {
      formulas: { supported: shipped, other: shippedForOthers },
      crossFitted: crossReport("SQuAD, all articles, each half by formulas fitted on the other", "tokens"),
      crossFittedWords: crossReport("The same without token vectors", "words"),
      written: keptOut(counted(written), { always: [...squad("train"), ...counted(golden)], minSupport }),
      writtenInOthers: keptOut(counted(others), { always: [...squad("train"), ...english], minSupport }),
    };
  } finally {
    await embedder.close();
  }
}

/** Writes the formulas as the next version of `extractive` and gives its name. */
export async function writeFormulas(checkout: string, { formulas }: Pick<AnswersFit, "formulas">): Promise<string[]> {
  const data = ["SQuAD 2.0, the articles for fitting", "evals/answers, every organisation", "evals/handbook, the split train"];
  return await writeFitted(checkout, "packages/answers/src/extractive/formulas", [
    { family: "extractive", by: "pnpm eval answers --fit --write", data, content: { ...formulas } },
  ]);
}

export function formatFit({ formulas, crossFitted, crossFittedWords, written, writtenInOthers }: AnswersFit): string {
  const shown = (name: string, { questions, right, answered, first, answeredFalsely }: KeptOut) =>
    `${name}, each by formulas fitted without its organisation: ${questions} questions, right or rightly withheld ${right.toFixed(3)}; of those with an answer ` +
    `answered ${answered.toFixed(3)}, right sentence first ${first.toFixed(3)}; of those without answered ${answeredFalsely.toFixed(3)}`;
  return [
    formatAnswersReport(crossFitted),
    formatAnswersReport(crossFittedWords),
    shown("Our questions in languages that the embedder supports", written),
    shown("Our questions in other languages", writtenInOthers),
    JSON.stringify(formulas, null, 2),
  ].join("\n");
}
