import { type EvalCase, type EvalRun, type Judges, runEvaluation, type Split } from "@footnote/evaluation";
import { createResultCache, createRunFile, writeRunFile } from "@footnote/evaluation/runs";
import { createClientTarget } from "./client-target.ts";
import type { LlmScorer } from "./llm-scores.ts";
import type { FootnoteClient } from "./local-client.ts";
import type { RagasScorer } from "./ragas-scores.ts";

export interface RunEvalOptions {
  /** Default: that of the collection. */
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
  options: RunEvalOptions & {
    client: FootnoteClient;
    collection: string;
    dataset: { name: string; cases: readonly EvalCase[] };
    /** Hash of the documents of a store made for the run. Default: none, it is somebody's collection. */
    corpus?: string;
    /** The code that answers, as far as it is known. */
    commit: string | null;
  },
): Promise<EvalRun> {
  const { client, collection, dataset, corpus, commit, pipeline, split, judges, out, cache, limit, concurrency, onProgress, signal } =
    options;
  const target = await createClientTarget({
    client,
    collection,
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(corpus === undefined ? { forgets: true } : { corpus }),
    ...(signal ? { signal } : {}),
  });
  const run = await runEvaluation({
    dataset,
    split,
    target,
    judges,
    commit,
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
