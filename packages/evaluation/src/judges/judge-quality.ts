import type { Judge, Verdict } from "@footnote/core";
import type { LabelledClaim } from "../datasets/scifact.ts";
import { bootstrapMean, type Interval } from "../statistics/bootstrap.ts";
import { bootstrapArea } from "../statistics/roc.ts";

/** How a judge's verdicts compare with what people said of the same pairs. Intervals: 95 %, bootstrap over pairs. */
export interface JudgeQuality {
  judge: string;
  pairs: number;
  /** How often each label got each verdict. */
  confusion: Record<LabelledClaim["label"], Record<Verdict["support"], number>>;
  /** Supported against everything else. */
  supported: { accuracy: Interval; precision: Interval; recall: Interval };
  /** What always calling everything unsupported would reach. */
  majorityAccuracy: number;
  /** Areas under the ROC of the score: supported against all others, against contradicted, against unrelated. */
  area: { all: Interval; contradicted: Interval; unrelated: Interval };
}

export interface JudgedPair {
  label: LabelledClaim["label"];
  verdict: Verdict;
}

const batch = 32;

/** Has the pairs judged, title and abstract as the evidence. */
export async function judgePairs(options: {
  judge: Judge;
  pairs: readonly LabelledClaim[];
  onProgress?(done: number): void;
  signal?: AbortSignal;
}): Promise<JudgedPair[]> {
  const { judge, pairs, onProgress, signal } = options;
  const judged: JudgedPair[] = [];
  for (let at = 0; at < pairs.length; at += batch) {
    const some = pairs.slice(at, at + batch);
    const items = some.map(({ claim, title, abstract }) => ({ claim, evidence: [title, abstract] }));
    const { verdicts } = await judge.judge({ items, ...(signal ? { signal } : {}) });
    for (const [index, { label }] of some.entries()) {
      const verdict = verdicts[index];
      if (verdict !== undefined) judged.push({ label, verdict });
    }
    onProgress?.(judged.length);
  }
  return judged;
}

export function judgeQuality(judge: string, judged: readonly JudgedPair[]): JudgeQuality {
  const labels = ["support", "contradict", "none"] as const;
  const confusion = Object.fromEntries(
    labels.map((label) => [label, { supported: 0, partial: 0, unsupported: 0 }]),
  ) as JudgeQuality["confusion"];
  for (const { label, verdict } of judged) confusion[label][verdict.support] += 1;
  const says = ({ verdict }: JudgedPair) => verdict.support === "supported";
  const share = (pairs: readonly JudgedPair[], isRight: (pair: JudgedPair) => boolean) =>
    bootstrapMean(pairs.map((pair) => Number(isRight(pair))));
  const areaAgainst = (others: readonly LabelledClaim["label"][]) =>
    bootstrapArea(
      judged
        .filter(({ label }) => label === "support" || others.includes(label))
        .map(({ label, verdict }) => ({ score: verdict.score, positive: label === "support" })),
    );
  const positives = judged.filter(({ label }) => label === "support");
  return {
    judge,
    pairs: judged.length,
    confusion,
    supported: {
      accuracy: share(judged, (pair) => says(pair) === (pair.label === "support")),
      precision: share(judged.filter(says), ({ label }) => label === "support"),
      recall: share(positives, says),
    },
    majorityAccuracy: Math.max(positives.length, judged.length - positives.length) / judged.length,
    area: { all: areaAgainst(["contradict", "none"]), contradicted: areaAgainst(["contradict"]), unrelated: areaAgainst(["none"]) },
  };
}
