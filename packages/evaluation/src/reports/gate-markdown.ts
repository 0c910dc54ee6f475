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
import { escapeMarkup } from "./escape-markup.ts";
import { formatDetectable } from "./gate-table.ts";

/** A comment may hold 65,536 characters. */
const longest = 60_000;

/** First line of the comment: what the workflow finds its own comment by. */
export const gateCommentMarker = "<!-- footnote eval-gate -->";

/** The report for a pull request. Text of documents stands in escaped `<pre>` blocks: it makes no markup and mentions nobody. */
export function formatGateMarkdown(report: GateReport): string {
  const { runs, comparisons, floors, ratios, worst, detectable, problems, settings, family, judges } = report;
  const parts: string[] = [
    gateCommentMarker,
    `## Eval gate: ${report.verdict}`,
    "",
    ...(problems.length === 0 ? ["No regression, every floor met."] : problemList(problems)),
    "",
  ];
  for (const run of runs) {
    const { dataset, split, pipeline, questions, changed } = run;
    const own = comparisons.filter((one) => one.pipeline === pipeline && one.dataset === dataset);
    parts.push(
      `### \`${pipeline}\` on ${escapeCell(dataset)} (${split}), ${questions} questions${changed ? ", its spec has changed" : ""}`,
      "",
    );
    if (own.length === 0) {
      parts.push("There is no baseline: only the floors are held.", "");
      continue;
    }
    parts.push(
      "| metric | n | before | after | difference, 95 % | adjusted p | |",
      "|---|---|---|---|---|---|---|",
      ...own
        .filter(({ slice, regressed }) => slice === "all" || regressed)
        .map(
          ({ metric, slice, count, before, after, difference, adjustedP, changed: moved, regressed, tested }) =>
            `| ${escapeCell(slice === "all" ? metric : `${metric}, ${slice}`)} | ${count} | ${formatScore(before)} | ${formatScore(after)} | ${moved === 0 ? "0.000" : `${formatChange(difference.mean)} ${formatInterval(difference)}`} | ${tested ? formatP(adjustedP) : "too few"} | ${regressed ? "**worse**" : ""} |`,
        ),
      "",
    );
  }
  parts.push(
    "| floor | value | bound | |",
    "|---|---|---|---|",
    ...floors.map(
      ({ dataset, pipeline, metric, slice, value, bound, strict, met, skipped }) =>
        `| \`${pipeline}\` on ${escapeCell(dataset)}: ${escapeCell(formatMetric({ metric, slice }))} | ${formatScore(value)} | ${strict ? ">" : "≥"} ${bound} | ${skipped ? "not measured" : met ? "met" : "**not met**"} |`,
    ),
    "",
    "| | before | after | ratio | |",
    "|---|---|---|---|---|",
    ...ratios.map(
      ({ dataset, pipeline, what, before, after, ratio, state }) =>
        `| \`${pipeline}\` on ${escapeCell(dataset)}: ${ratioName[what]} | ${formatAmount(what, before)} | ${formatAmount(what, after)} | ${formatRatio(ratio)} | ${state === "failed" ? "**failed**" : ratioState[state]} |`,
    ),
    "",
    escapeCell(formatDetectable(detectable)),
    "",
    `${family} hypotheses tested together, family-wise α ${settings.familyWiseAlpha}, ${settings.resamples.toLocaleString("en")} resamples. Judges: ${escapeCell(judges.join(", "))}.`,
  );
  const cut = "\n\nMore questions got worse; the HTML page of this run shows them all.";
  let text = `${parts.join("\n")}\n`;
  if (worst.length > 0) text += "\n### Questions that got worse\n";
  for (const { dataset, pipeline, before, after, fell } of worst) {
    const block = [
      "",
      `<details><summary><code>${escapeMarkup(after.id)}</code> (${escapeMarkup(formatRun({ pipeline, dataset }))}) <code>${escapeMarkup(after.question)}</code></summary>`,
      "",
      "<pre>",
      escapeMarkup(fell.map((one) => `${one.metric} ${formatScore(one.before)} → ${formatScore(one.after)}`).join("\n")),
      "",
      side("before", before),
      "",
      side("after", after),
      "</pre>",
      "</details>",
      "",
    ].join("\n");
    if (text.length + block.length + cut.length > longest) {
      text += cut;
      break;
    }
    text += block;
  }
  return text;
}

const problemsShown = 8;

function problemList(problems: readonly string[]): string[] {
  const items = problems.map((problem) => `- ${escapeCell(problem)}`);
  const rest = items.slice(problemsShown);
  if (rest.length === 0) return items;
  return [...items.slice(0, problemsShown), "", `<details><summary>${rest.length} more</summary>`, "", ...rest, "", "</details>"];
}

function side(name: string, { text, finishReason, citations, contexts }: GateCase): string {
  return escapeMarkup(
    [
      finishReason === null ? `${name} (searched)` : `${name} (${finishReason}): ${text === "" ? "no answer" : text}`,
      ...citations.map((citation) => `  cited ${formatPlace(citation)}: ${citation.text.replace(/\s+/gu, " ")}`),
      `  sources ${contexts.length === 0 ? "none" : contexts.map(formatPlace).join("; ")}`,
    ].join("\n"),
  );
}

/** Text that cannot leave its place in a table or a list, and mentions nobody: mentions are looked for after entities are resolved. */
function escapeCell(text: string): string {
  return escapeMarkup(text.replace(/\s+/gu, " "))
    .replace(/[\\`*_[\]|]/gu, (character) => `&#${character.codePointAt(0)};`)
    .replaceAll("@", "@\u200B");
}
