import { performance } from "node:perf_hooks";
import { pipelines } from "@footnote/retrieval";
import { FootnoteError } from "@footnote/core";
import type { PipelineSpec } from "@footnote/core";
import { quantile } from "@footnote/evaluation";
import type { EvalCase, Judges, Split } from "@footnote/evaluation";
import { toGateRun } from "@footnote/evaluation/gate";
import type { GateRun } from "@footnote/evaluation/gate";
import { plantedChange, plantedName, plantedSpec } from "./gate-plants.ts";
import type { Plant } from "./gate-plants.ts";
import { openHandbookStore } from "./handbook-store.ts";
import type { RagasScorer } from "./ragas-scores.ts";
import { runOnCollection } from "./run-eval.ts";

export interface CandidateOptions {
  cases: readonly EvalCase[];
  split: Split;
  pipelineNames: readonly string[];
  judges: Judges;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  /** Scores the answers too. */
  ragas?: RagasScorer;
  onProgress?: (progress: { pipeline: string; done: number; total: number }) => void;
  signal?: AbortSignal;
}

/** Asks every case of each pipeline; with a plant, of what the plant makes of it, under the pipeline's own name. */
export type AskCandidates = (plant?: Plant) => Promise<GateRun[]>;

/** The handbook in a store in which the pipelines can be asked, as they are and as the plants make them. */
export async function withGateStore<T>(
  options: CandidateOptions & { plants?: readonly Plant[] },
  work: (ask: AskCandidates) => Promise<T>,
): Promise<T> {
  const { cases, split, pipelineNames, judges, plants = [], variables, log, onProgress, ragas, signal } = options;
  const specs = pipelineNames.map(shippedPipeline);
  const planted = plants.flatMap((plant) => specs.map((spec) => plantedSpec(plant, spec)));
  const [first] = specs;
  if (!first) throw new FootnoteError("invalid_request", "No pipeline is named; name one at least.");
  const store = await openHandbookStore({
    pipeline: first.name,
    specs: planted,
    change: plantedChange(plants),
    variables,
    log,
    ...(signal ? { signal } : {}),
  });
  try {
    return await work(async (plant) => {
      const runs: GateRun[] = [];
      for (const { name } of specs) {
        const before = measureMachine();
        const run = await runOnCollection({
          client: store.client,
          collection: store.collection,
          corpus: store.corpus,
          dataset: { name: "handbook", cases },
          pipeline: plant ? plantedName(plant, name) : name,
          split,
          judges,
          concurrency: 1,
          log,
          ...(ragas ? { ragas } : {}),
          ...(onProgress ? { onProgress: (progress: { done: number; total: number }) => onProgress({ pipeline: name, ...progress }) } : {}),
          ...(signal ? { signal } : {}),
        });
        const calibrationMs = Math.round(((before + measureMachine()) / 2) * 1e3) / 1e3;
        runs.push({ ...toGateRun(run, { calibrationMs }), pipeline: name });
      }
      return runs;
    });
  } finally {
    await store.close();
  }
}

function shippedPipeline(name: string): PipelineSpec {
  const found = Object.entries(pipelines).find(([shipped]) => shipped === name)?.[1];
  if (found) return found;
  throw new FootnoteError("pipeline_unknown", `There is no shipped pipeline ${name}; known are ${Object.keys(pipelines).join(", ")}.`);
}

/** Median milliseconds of a fixed piece of arithmetic: how fast this machine is just now. */
function measureMachine(): number {
  const values = new Float32Array(4_096).map((_, index) => Math.sin(index));
  const times = Array.from({ length: 15 }, () => {
    const began = performance.now();
    let sum = 0;
    for (let round = 0; round < 400; round++)
      for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) * (values[(i + round) & 4_095] ?? 0);
    // The sum is used, so that the loop cannot be left out.
    return performance.now() - began + (Number.isNaN(sum) ? 1 : 0);
  });
  return quantile(
    times.toSorted((a, b) => a - b),
    0.5,
  );
}
