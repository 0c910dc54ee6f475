import { performance } from "node:perf_hooks";
import { pipelines } from "@footnote/retrieval";
import { FootnoteError } from "@footnote/core";
import type { PipelineSpec } from "@footnote/core";
import { quantile } from "@footnote/evaluation";
import type { EvalCase, Judges, Split } from "@footnote/evaluation";
import { toGateRun } from "@footnote/evaluation/gate";
import type { GateRun } from "@footnote/evaluation/gate";
import type { Plant } from "./gate-plants.ts";
import { openHandbookStore } from "./handbook-store.ts";
import { runOnCollection } from "./run-eval.ts";

const planted = (name: string) => `planted-${name}`;

/**
 * The handbook's questions through each pipeline over one store. With a plant, each pipeline is replaced by what the plant makes of it and keeps
 * its name, so that it is held against its own baseline.
 */
export async function runCandidates(options: {
  cases: readonly EvalCase[];
  split: Split;
  pipelineNames: readonly string[];
  judges: Judges;
  plant?: Plant;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  onProgress?: (progress: { pipeline: string; done: number; total: number }) => void;
  signal?: AbortSignal;
}): Promise<GateRun[]> {
  const { cases, split, pipelineNames, judges, plant, variables, log, onProgress, signal } = options;
  const specs = pipelineNames.map((name) => ({ name, spec: shippedPipeline(name) }));
  const changed = plant ? specs.map(({ name, spec }) => ({ ...(plant.spec?.(spec) ?? spec), name: planted(name) })) : [];
  const nameOf = plant ? planted : (name: string) => name;
  const [first] = pipelineNames;
  if (first === undefined) throw new FootnoteError("invalid_request", "No pipeline is named; name one at least.");
  const store = await openHandbookStore({
    pipeline: nameOf(first),
    specs: changed,
    ...(plant?.change ? { change: plant.change } : {}),
    variables,
    log,
    ...(signal ? { signal } : {}),
  });
  try {
    const runs: GateRun[] = [];
    for (const name of pipelineNames) {
      const before = measureMachine();
      const run = await runOnCollection({
        client: store.client,
        collection: store.collection,
        corpus: store.corpus,
        dataset: { name: "handbook", cases },
        pipeline: nameOf(name),
        split,
        judges,
        concurrency: 1,
        log,
        ...(onProgress ? { onProgress: (progress: { done: number; total: number }) => onProgress({ pipeline: name, ...progress }) } : {}),
        ...(signal ? { signal } : {}),
      });
      const calibrationMs = Math.round(((before + measureMachine()) / 2) * 1e3) / 1e3;
      runs.push({ ...toGateRun(run, { calibrationMs }), pipeline: name });
    }
    return runs;
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
