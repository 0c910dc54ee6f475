import { formatAmount, formatChange, formatInterval, formatP, formatRatio, formatScore, ratioName } from "../gate/figures.ts";
import type { GateReport } from "../gate/judge-gate.ts";
import { escapeMarkup } from "./escape-markup.ts";

interface TestCase {
  name: string;
  failure?: string;
  skipped?: string;
}

/** The report as JUnit XML: a suite for each pipeline, a case for each metric in each slice, each floor and each ratio. */
export function formatGateJunit(report: GateReport): string {
  const suites = report.runs.map(({ pipeline }) => {
    const cases: TestCase[] = [
      ...report.comparisons
        .filter((one) => one.pipeline === pipeline)
        .map(({ metric, slice, difference, before, after, adjustedP, tested, regressed, count }): TestCase => ({
          name: `${metric} on ${slice}`,
          ...(regressed
            ? {
                failure: `fell from ${formatScore(before)} to ${formatScore(after)} (${formatChange(difference.mean)} ${formatInterval(difference)}, adjusted p ${formatP(adjustedP)})`,
              }
            : {}),
          ...(tested ? {} : { skipped: `${count} questions are too few to test` }),
        })),
      ...report.floors
        .filter((one) => one.pipeline === pipeline)
        .map(({ metric, bound, strict, value, met, skipped }): TestCase => ({
          name: `floor of ${metric}`,
          ...(met ? {} : { failure: `${formatScore(value)} instead of ${strict ? "above" : "at least"} ${bound}` }),
          ...(skipped ? { skipped: "not measured" } : {}),
        })),
      ...report.ratios
        .filter((one) => one.pipeline === pipeline)
        .map(({ what, before, after, ratio, state }): TestCase => ({
          name: ratioName[what],
          ...(state === "failed" ? { failure: `${formatAmount(what, before)} → ${formatAmount(what, after)}, ${formatRatio(ratio)}` } : {}),
          ...(state === "not-compared" ? { skipped: "not compared" } : {}),
        })),
    ];
    return { pipeline, cases };
  });
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="eval gate" ${counts(all)}>`,
    ...suites.flatMap(({ pipeline, cases }) => [
      `  <testsuite name="${escapeMarkup(pipeline)}" ${counts(cases)}>`,
      ...cases.map(
        ({ name, failure, skipped }) =>
          `    <testcase classname="eval-gate.${escapeMarkup(pipeline)}" name="${escapeMarkup(name)}"${
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
