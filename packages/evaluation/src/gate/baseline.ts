import { FootnoteError } from "@footnote/core";
import type { MetricValues } from "../runs/eval-run.ts";
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

/** Throws `conflict` when figures of the two cannot be held against each other, and says what to do. */
export function assertComparable(candidate: GateRun, baseline: GateRun): void {
  const { pipeline } = candidate;
  const differ = (what: string) => {
    throw new FootnoteError(
      "conflict",
      `The baseline of pipeline ${pipeline} was made with ${what}, so the two cannot be compared; if that change is meant, accept new figures: pnpm eval gate --update-baseline "<why>"`,
      { details: { pipeline } },
    );
  };
  const { dataset } = candidate;
  if (dataset.name !== baseline.dataset.name || dataset.split !== baseline.dataset.split) {
    differ(`another dataset (${baseline.dataset.name}, ${baseline.dataset.split} instead of ${dataset.name}, ${dataset.split})`);
  }
  if (dataset.sha256 !== baseline.dataset.sha256) {
    differ(`another version of the dataset ${dataset.name} (${short(baseline.dataset.sha256)} instead of ${short(dataset.sha256)})`);
  }
  if (candidate.corpus !== null && baseline.corpus !== null && candidate.corpus !== baseline.corpus) {
    differ(`other documents (${short(baseline.corpus)} instead of ${short(candidate.corpus)})`);
  }
  const judges = [candidate, baseline].map((run) => run.judges.toSorted().join(", "));
  if (judges[0] !== judges[1])
    differ(`other judges (${judges[1] === "" ? "none" : judges[1]} instead of ${judges[0] === "" ? "none" : judges[0]})`);
  const ids = [candidate, baseline].map((run) =>
    run.cases
      .map(({ id }) => id)
      .toSorted()
      .join("\n"),
  );
  if (ids[0] !== ids[1]) differ(`other cases (${baseline.cases.length} instead of ${candidate.cases.length})`);
}

const short = (hash: string): string => hash.slice(0, 12);
