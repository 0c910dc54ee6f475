import { FootnoteError } from "@footnote/core";
import type { MetricValues } from "../metrics/case-result.ts";
import { meanMetric, type GateRun } from "./gate-run.ts";

/** One acceptance of new figures: who reads the history learns why quality moved. */
export interface BaselineChange {
  at: string;
  commit: string | null;
  reason: string;
  /** Means over all cases as they were accepted. */
  means: MetricValues;
}

/** The accepted run of one pipeline on one dataset. */
export interface Baseline extends GateRun {
  /** Oldest first. */
  history: BaselineChange[];
}

const shortestReason = 10;

/** The run as the new baseline, with the reason added to the history of the one before. */
export function acceptBaseline(options: { run: GateRun; before: Baseline | null; reason: string; at: string }): Baseline {
  const { run, before, at } = options;
  const reason = options.reason.trim().replace(/\s+/gu, " ");
  if (reason.length < shortestReason) {
    throw new FootnoteError(
      "invalid_request",
      `The reason for a new baseline needs ${shortestReason} characters or more; say what changed and why it is right.`,
    );
  }
  const names = [...new Set(run.cases.flatMap(({ metrics }) => Object.keys(metrics)))];
  const means = Object.fromEntries(
    names.map((name) => {
      const mean = meanMetric(run.cases, name);
      return [name, mean === null ? null : Math.round(mean * 1e4) / 1e4];
    }),
  );
  return { ...run, history: [...(before?.history ?? []), { at, commit: run.commit, reason, means }] };
}

/** What two runs must have in common before either is made. */
export type Ground = Pick<GateRun, "pipeline" | "dataset" | "judges" | "corpus">;

/** Throws `conflict` when figures of the two cannot be held against each other, and says what to do. */
export function assertComparable(candidate: GateRun, baseline: GateRun): void {
  assertSameGround(candidate, baseline);
  const ids = [candidate, baseline].map((run) => run.cases.map(({ id }) => id).toSorted());
  if (ids[0]?.join("\n") !== ids[1]?.join("\n")) throw differs(candidate.pipeline, "other cases");
}

/** The same before minutes are spent on a run: dataset, documents where both are known, and judges. */
export function assertSameGround(candidate: Ground, baseline: Ground): void {
  const { pipeline, dataset } = candidate;
  const was = baseline.dataset;
  if (dataset.name !== was.name || dataset.split !== was.split) {
    throw differs(pipeline, `another dataset (${was.name}, ${was.split} instead of ${dataset.name}, ${dataset.split})`);
  }
  if (dataset.sha256 !== was.sha256) {
    throw differs(pipeline, `another version of the dataset ${dataset.name} (${short(was.sha256)} instead of ${short(dataset.sha256)})`);
  }
  if (candidate.corpus !== null && baseline.corpus !== null && candidate.corpus !== baseline.corpus) {
    throw differs(pipeline, `other documents (${short(baseline.corpus)} instead of ${short(candidate.corpus)})`);
  }
  const [judges, before] = [candidate, baseline].map((run) => run.judges.toSorted().join(", "));
  if (judges !== before) throw differs(pipeline, `other judges (${before || "none"} instead of ${judges || "none"})`);
}

function differs(pipeline: string, what: string): FootnoteError {
  return new FootnoteError(
    "conflict",
    `The baseline of pipeline ${pipeline} was made with ${what}, so the two cannot be compared; if that change is meant, accept new figures: pnpm eval gate --update-baseline "<why>"`,
    { details: { pipeline } },
  );
}

const short = (hash: string): string => hash.slice(0, 12);
