import { createRandom } from "../../statistics/random.ts";
import type { Baseline } from "../baseline.ts";
import type { GateCase, GateRun } from "../gate-run.ts";
import type { GateSettings } from "../gate-settings.ts";

export const settings: GateSettings = {
  familyWiseAlpha: 0.05,
  resamples: 2_000,
  minimumCases: 10,
  metrics: ["recall@5", "faithfulness", "abstention"],
  floors: [
    { dataset: "handbook", metric: "faithfulness", atLeast: 0.85 },
    { dataset: "handbook", metric: "ragas-faithfulness", above: 0.85, when: "measured" },
    { dataset: "handbook", metric: "recall@5", atLeast: 0.5, pipelines: ["default"] },
  ],
  ratios: {
    usd: { failAbove: 1.5 },
    milliseconds: { warnAbove: 1.5, failAbove: 5, busyAbove: 1.5 },
    cpu: { warnAbove: 1.5, failAbove: 3 },
  },
};

export function gateCase(index: number, change: Partial<GateCase> = {}): GateCase {
  return {
    id: `q-${String(index).padStart(3, "0")}`,
    question: `Question ${index}?`,
    answerable: true,
    tags: [index % 2 === 0 ? "even" : "odd"],
    metrics: { "recall@5": 1, faithfulness: 1, abstention: 1 },
    text: `Answer ${index}.`,
    finishReason: "stop",
    citations: [{ document: "handbook.md", start: 0, end: 8, text: "Answer 1" }],
    contexts: [{ document: "handbook.md", start: 0, end: 80 }],
    milliseconds: 20,
    usd: 0,
    ...change,
  };
}

export function gateRun(cases: GateCase[], change: Partial<GateRun> = {}): GateRun {
  return {
    dataset: { name: "handbook", sha256: "a".repeat(64), split: "test" },
    pipeline: "default",
    pipelineHash: "b".repeat(64),
    corpus: "c".repeat(64),
    judges: ["deterministic@1"],
    commit: "d".repeat(40),
    createdAt: "2026-11-21T10:00:00.000Z",
    machine: { calibrationMs: 2, cpuMs: 100, loadPerCore: 0.5 },
    cases,
    ...change,
  };
}

export const baselineOf = (run: GateRun): Baseline => ({ ...run, history: [] });

export const manyCases = (count: number, change: (index: number) => Partial<GateCase> = () => ({})): GateCase[] =>
  Array.from({ length: count }, (_, index) => gateCase(index, change(index)));

/** Two runs that differ on a share of the questions, none better on the whole. */
export function twoRuns(count: number, seed: number): [GateRun, GateRun] {
  const random = createRandom(seed);
  const values = () => ({
    "recall@5": random() < 0.8 ? 1 : 0,
    faithfulness: random() < 0.9 ? 1 : 0.5,
    abstention: random() < 0.85 ? 1 : 0,
  });
  const cases = manyCases(count, () => ({ metrics: values() }));
  const others = cases.map((one) => (random() < 0.4 ? { ...one, metrics: values() } : one));
  return [gateRun(cases), gateRun(others, { pipeline: "hybrid-rrf-rerank" })];
}
