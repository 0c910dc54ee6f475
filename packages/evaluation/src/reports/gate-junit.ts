import {
  formatMetric,
  formatAmount,
  formatChange,
  formatInterval,
  formatP,
  formatRatio,
  formatRun,
  formatScore,
  ratioName,
} from "../gate/figures.ts";
import type { GateReport } from "../gate/judge-gate.ts";
import { escapeMarkup } from "./escape-markup.ts";

interface TestCase {
  name: string;
  failure?: string;
  skipped?: string;
}

/** The report as JUnit XML: a suite for each pipeline, a case for each metric in each slice, each floor and each ratio. */
export function formatGateJunit(report: GateReport): string {
  const suites = report.runs.map((run) => {
    const isOwn = (one: { pipeline: string; dataset: string }) => one.pipeline === run.pipeline && one.dataset === run.dataset;
    const cases: TestCase[] = [
      ...report.comparisons
        .filter(isOwn)
        .map(({ metric, slice, difference, before, after, adjustedP, tested, regressed, count }): TestCase => ({
          name: `${metric} on ${slice}`,
          ...(regressed
            ? {
                failure: `fell from ${formatScore(before)} to ${formatScore(after)} (${formatChange(difference.mean)} ${formatInterval(difference)}, adjusted p ${formatP(adjustedP)})`,
              }
            : {}),
          ...(tested ? {} : { skipped: `${count} questions are too few to test` }),
        })),
      ...report.floors.filter(isOwn).map(({ metric, slice, bound, strict, value, met, skipped }): TestCase => ({
        name: `floor of ${formatMetric({ metric, slice })}`,
        ...(met ? {} : { failure: `${formatScore(value)} instead of ${strict ? "above" : "at least"} ${bound}` }),
        ...(skipped ? { skipped: "not measured" } : {}),
      })),
      ...report.ratios.filter(isOwn).map(({ what, before, after, ratio, state }): TestCase => ({
        name: ratioName[what],
        ...(state === "failed" ? { failure: `${formatAmount(what, before)} → ${formatAmount(what, after)}, ${formatRatio(ratio)}` } : {}),
        ...(state === "not-compared" || state === "busy" ? { skipped: "not compared" } : {}),
      })),
    ];
    return { name: formatRun(run), cases };
  });
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="eval gate" ${counts(all)}>`,
    ...suites.flatMap(({ name: suite, cases }) => [
      `  <testsuite name="${escapeMarkup(suite)}" ${counts(cases)}>`,
      ...cases.map(
        ({ name, failure, skipped }) =>
          `    <testcase classname="eval-gate.${escapeMarkup(suite)}" name="${escapeMarkup(name)}"${
            failure !== undefined
              ? `><failure message="${escapeMarkup(failure)}"/></testcase>`
              : skipped !== undefined
                ? `><skipped message="${escapeMarkup(skipped)}"/></testcase>`
                : "/>"
          }`,
      ),
      "  </testsuite>",
    ]),
    "</testsuites>",
    "",
  ].join("\n");
}

function counts(cases: readonly TestCase[]): string {
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const skipped = cases.filter((one) => one.skipped !== undefined && one.failure === undefined).length;
  return `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}"`;
}
