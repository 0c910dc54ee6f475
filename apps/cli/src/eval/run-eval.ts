import type { LanguageModel } from "@footnote/core";
import { type EvalCase, type EvalRun, type Judges, runEvaluation, type Split } from "@footnote/evaluation";
import { createResultCache, createRunFile, writeRunFile } from "@footnote/evaluation/runs";
import type { Client } from "@footnote/sdk";
import { generatedPipeline } from "@footnote/server/models";
import { createClientTarget } from "@footnote/server/client-target";
import { readCodeVersion } from "./code-version.ts";
import { openHandbookStore, readHandbookCases } from "./handbook-store.ts";
import type { LlmScorer } from "./llm-scores.ts";
import type { RagasScorer } from "./ragas-scores.ts";
import { inCheckout } from "./shared-folder.ts";

interface RunEvalOptions {
  /** Default: that of the collection, or `default` for the handbook. */
  pipeline?: string;
  split: Split;
  judges: Judges;
  /** JSON Lines of the run; one that was interrupted goes on. */
  out?: string;
  /** Folder of results that later runs on equal code and documents take over. */
  cache?: string;
  limit?: number;
  concurrency?: number;
  log(line: string): void;
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Scores the answers too, once all are there. */
  ragas?: RagasScorer;
  /** The same by the model at JUDGE_URL. */
  llm?: LlmScorer;
  signal?: AbortSignal;
}

/** Cases over a collection behind the API. */
export async function runOnCollection(
  options: RunEvalOptions & { client: Client; collection: string; dataset: { name: string; cases: readonly EvalCase[] }; corpus?: string },
): Promise<EvalRun> {
  const { client, collection, dataset, corpus, pipeline, split, judges, out, cache, limit, concurrency, onProgress, signal } = options;
  const target = await createClientTarget({
    client,
    collection,
    ...(pipeline === undefined ? {} : { pipeline }),
    // Without a hash of its own it is somebody's collection, not a store made for the run.
    ...(corpus === undefined ? { forgets: true } : { corpus }),
    ...(signal ? { signal } : {}),
  });
  const run = await runEvaluation({
    dataset,
    split,
    target,
    judges,
    commit: await readCodeVersion(inCheckout(".")),
    ...(limit === undefined ? {} : { limit }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(out === undefined ? {} : { record: createRunFile(out) }),
    ...(cache === undefined ? {} : { cache: createResultCache(cache) }),
    ...(onProgress ? { onResult: (_result, progress) => onProgress(progress) } : {}),
    ...(signal ? { signal } : {}),
  });
  const scorers = [options.ragas, options.llm].filter((scorer) => scorer !== undefined);
  if (scorers.length === 0) return run;
  let scored = run;
  for (const scorer of scorers) scored = await scorer.score(scored, options);
  if (out !== undefined) await writeRunFile(out, scored);
  return scored;
}

/** The golden set over the sample documents, or other cases over the files of a folder, in a store of their own. */
export async function runOnHandbook(
  options: RunEvalOptions & {
    variables: Record<string, string | undefined>;
    cases?: readonly EvalCase[];
    /** Name and documents of other cases. Default: those of the golden set. */
    name?: string;
    folder?: string;
    /** A language model; with it there is the pipeline `generated`. */
    model?: LanguageModel;
  },
): Promise<EvalRun> {
  const { variables, pipeline = "default", name = "handbook", folder, model, log, signal } = options;
  const cases = options.cases ?? (await readHandbookCases());
  const store = await openHandbookStore({
    pipeline,
    variables,
    log,
    ...(model ? { specs: [generatedPipeline(model.name)], change: { models: [model] } } : {}),
    ...(folder ? { folder } : {}),
    ...(signal ? { signal } : {}),
  });
  try {
    const { client, collection, corpus } = store;
    return await runOnCollection({ ...options, pipeline, client, collection, corpus, dataset: { name, cases } });
  } finally {
    await store.close();
  }
}
