import { type CaseResult, type EvalRun, runEvaluation } from "@footnote/evaluation";
import { hasAbstained } from "@footnote/evaluation/metrics";
import { createClientTarget } from "@footnote/server/client-target";
import { readCodeVersion } from "./code-version.ts";
import { atLeast, atMost, type Goal } from "./goals.ts";
import { openHandbookStore, readHandbookCases } from "./handbook-store.ts";
import { inCheckout } from "./shared-folder.ts";

export interface HandbookCounts {
  answerable: { total: number; right: number; rightFirst: number };
  unanswerable: { total: number; abstained: number };
  citations: { total: number; false: number };
}

export interface HandbookReport extends HandbookCounts {
  pipeline: string;
  documents: number;
  run: EvalRun;
  goals: Goal[];
}

/** What the goals below were set for; the whole set is judged by `eval run` and the gate. */
const firstForty = /^hb-(?:[0-3]\d|40)$/u;

/** `eval handbook`: the first 40 questions of the golden set through `POST /v1/answers` over the sample documents, held against its goals. */
export async function runHandbook(options: {
  /** Default `default`. */
  pipeline?: string;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  signal?: AbortSignal;
}): Promise<HandbookReport> {
  const { pipeline = "default", variables, log, signal } = options;
  const abort = signal ? { signal } : {};
  const cases = (await readHandbookCases()).filter(({ id }) => firstForty.test(id));
  const { client, collection, documents, corpus, close } = await openHandbookStore({ pipeline, variables, log, ...abort });
  try {
    const run = await runEvaluation({
      dataset: { name: "handbook", cases },
      split: "test",
      target: await createClientTarget({ client, collection, pipeline, corpus, ...abort }),
      judges: {},
      commit: await readCodeVersion(inCheckout(".")),
      onResult: (result) => {
        if (isWrong(result)) log(formatWrong(result));
      },
      ...abort,
    });
    const counts = countHandbook(run.results);
    return { pipeline, documents, run, ...counts, goals: handbookGoals(counts) };
  } finally {
    await close();
  }
}

const falseCitations = ({ answer }: CaseResult) =>
  answer.sentences.flatMap(({ citations }) => citations).filter(({ verified }) => !verified).length;
/** Answerable: a citation touches an expected span. Unanswerable: it abstained. */
const isRight = ({ case: { answerable }, answer, metrics }: CaseResult) =>
  answerable ? (metrics["gold-citation-recall"] ?? 0) > 0 : hasAbstained(answer);
const isWrong = (result: CaseResult) => !isRight(result) || falseCitations(result) > 0;

export function countHandbook(results: readonly CaseResult[]): HandbookCounts {
  const asked = results.filter((result) => result.case.answerable);
  const unasked = results.filter((result) => !result.case.answerable);
  return {
    answerable: {
      total: asked.length,
      right: asked.filter(isRight).length,
      rightFirst: asked.filter(({ metrics }) => metrics["gold-first"] === 1).length,
    },
    unanswerable: { total: unasked.length, abstained: unasked.filter(isRight).length },
    citations: {
      total: results.reduce((sum, { answer }) => sum + answer.sentences.flatMap(({ citations }) => citations).length, 0),
      false: results.reduce((sum, result) => sum + falseCitations(result), 0),
    },
  };
}

/** What the sample documents must reach: issue 3. */
export function handbookGoals({ answerable, unanswerable, citations }: HandbookCounts): Goal[] {
  return [
    atLeast("answered from a right span", Math.ceil(answerable.total * 0.9), answerable.right),
    atLeast("unanswerable ones abstained", Math.ceil(unanswerable.total * (7 / 8)), unanswerable.abstained),
    atMost("false citations", 0, citations.false),
  ];
}

function formatWrong(result: CaseResult): string {
  const { id, question, answerable } = result.case;
  const { finishReason, text } = result.answer;
  const count = falseCitations(result);
  const why = count > 0 ? `${count} false citations` : answerable ? "no citation of an expected span" : "should have abstained";
  return `${id} ${question}\n  ${why} (${finishReason}): ${text === "" ? "no answer" : text}`;
}

export function formatHandbookReport({ pipeline, documents, answerable, unanswerable, citations }: HandbookReport): string {
  return [
    `handbook: ${documents} documents, ${answerable.total + unanswerable.total} questions, pipeline ${pipeline}`,
    `right span ${answerable.right} of ${answerable.total}, right first ${answerable.rightFirst} of ${answerable.total}, abstained ${unanswerable.abstained} of ${unanswerable.total}, citations verified ${citations.total - citations.false} of ${citations.total}`,
  ].join("\n");
}
