import type { Comparison } from "../gate/compare.ts";
import {
  formatMetric,
  formatAmount,
  formatChange,
  formatInterval,
  formatP,
  formatPlace,
  formatRatio,
  formatRun,
  formatScore,
  ratioName,
  ratioState,
} from "../gate/figures.ts";
import type { GateCase } from "../gate/gate-run.ts";
import type { GateReport } from "../gate/judge-gate.ts";
import type { WorstCase } from "../gate/worst-cases.ts";
import { alignColumns } from "../runs/align-columns.ts";

/** The report for a terminal: per pipeline a row for each metric, slices that moved, floors, cost and time, the worst questions, the verdict. */
export function formatGateTable(report: GateReport): string {
  const { runs, comparisons, floors, ratios, worst, detectable, problems, settings, family } = report;
  const lines: string[] = [];
  for (const run of runs) {
    const { split, questions, changed } = run;
    lines.push(`${formatRun(run)} (${split}), ${questions} questions${changed ? ", its spec has changed" : ""}`);
    const own = comparisons.filter(({ pipeline, dataset }) => pipeline === run.pipeline && dataset === run.dataset);
    if (own.length === 0) {
      lines.push("  no baseline: only the floors are held", "");
      continue;
    }
    lines.push(...indented([header, ...own.filter(({ slice }) => slice === "all").map((one) => row(one, one.metric))]));
    const moved = own.filter(({ slice, changed }) => slice !== "all" && changed > 0).toSorted((a, b) => a.p - b.p);
    const shown = moved.filter(({ regressed }, index) => regressed || index < 8);
    if (shown.length > 0) {
      lines.push("", `slices that moved most (${shown.length} of ${moved.length})`);
      lines.push(...indented([header, ...shown.map((one) => row(one, `${one.metric}, ${one.slice}`))]));
    }
    lines.push("");
  }
  lines.push(
    ...indented(
      floors.map(({ dataset, pipeline, metric, slice, bound, strict, value, count, met, skipped }) => [
        `${formatRun({ pipeline, dataset })}: ${formatMetric({ metric, slice })}`,
        `${formatScore(value)} (${count})`,
        `${strict ? ">" : "≥"} ${bound}`,
        skipped ? "not measured" : met ? "met" : "NOT MET",
      ]),
    ),
    ...indented(
      ratios.map(({ dataset, pipeline, what, before, after, ratio, state }) => [
        `${formatRun({ pipeline, dataset })}: ${ratioName[what]}`,
        `${formatAmount(what, before)} → ${formatAmount(what, after)}`,
        formatRatio(ratio),
        ratioState[state],
      ]),
    ),
  );
  if (worst.length > 0) {
    lines.push("", `questions that got worse (${worst.length} shown)`);
    for (const one of worst) lines.push(...formatWorst(one));
  }
  lines.push("", formatDetectable(detectable));
  lines.push(
    `${family} hypotheses tested together; one false alarm or more in ${(settings.familyWiseAlpha * 100).toFixed(0)} % of comparisons of equal runs at most; ${settings.resamples.toLocaleString("en")} resamples`,
    "",
    ...problems.map((problem) => `✗ ${problem}`),
    problems.length === 0 ? "gate: passed" : `gate: FAILED, ${problems.length} ${problems.length === 1 ? "reason" : "reasons"}`,
  );
  return lines.join("\n");
}

const header = ["metric", "n", "changed", "before", "after", "difference", "95 % interval", "adjusted p", ""];

function row({ count, changed, before, after, difference, adjustedP, tested, regressed }: Comparison, name: string): string[] {
  return [
    name,
    String(count),
    String(changed),
    formatScore(before),
    formatScore(after),
    formatChange(difference.mean),
    changed === 0 ? "–" : formatInterval(difference),
    !tested ? "too few" : formatP(adjustedP),
    regressed ? "WORSE" : "",
  ];
}

/** Rows as indented lines in columns. */
const indented = (rows: readonly (readonly string[])[]): string[] => alignColumns(rows).map((line) => `  ${line}`);

function formatWorst({ dataset, pipeline, before, after, fell }: WorstCase): string[] {
  return [
    `  ${after.id} (${formatRun({ pipeline, dataset })}${after.tags.length > 0 ? `; ${after.tags.join(", ")}` : ""}) ${oneLine(after.question)}`,
    `    ${fell.map((one) => `${one.metric} ${formatScore(one.before)} → ${formatScore(one.after)}`).join(", ")}`,
    ...formatSide("before", before),
    ...formatSide("after ", after),
  ];
}

function formatSide(side: string, { text, finishReason, citations, contexts }: GateCase): string[] {
  const cited = citations.map(formatPlace);
  const given = contexts.slice(0, 5).map(formatPlace);
  return [
    `    ${side} ${finishReason === null ? "(searched)" : `(${finishReason}): ${text === "" ? "no answer" : oneLine(text)}`}`,
    ...(finishReason === null ? [] : [`           cited: ${cited.length === 0 ? "nothing" : cited.join("; ")}`]),
    `           sources: ${given.length === 0 ? "none" : given.join("; ")}${contexts.length > 5 ? `; ${contexts.length - 5} more` : ""}`,
  ];
}

const oneLine = (text: string): string => {
  const line = text.replace(/\s+/gu, " ").trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
};

/** What the sets can see, in one paragraph: of several pipelines, the one that needs most. */
export function formatDetectable(detectable: GateReport["detectable"]): string {
  const datasets = [...Map.groupBy(detectable, ({ dataset }) => dataset)].map(([dataset, found]) => {
    const metrics = [...Map.groupBy(found, ({ metric }) => metric)].map(([metric, ofPipelines]) => {
      const losses = ofPipelines.map(({ loss }) => loss);
      return `${metric} ${losses.includes(null) ? "none" : `−${(Math.max(...losses.map((loss) => loss ?? 0)) * 100).toFixed(1)}`}`;
    });
    return `${dataset}: ${metrics.join(", ")}`;
  });
  return `smallest loss found in 8 of 10 changes, in points, where single questions lose all of it: ${datasets.join("; ")}`;
}
