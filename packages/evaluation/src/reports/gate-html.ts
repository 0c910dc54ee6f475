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
import { escapeMarkup as escape } from "./escape-markup.ts";
import { formatDetectable } from "./gate-table.ts";

/**
 * The report as one page that needs nothing else: plots are SVG in the page, there is no script, and its policy forbids any. Text of documents
 * and questions is escaped everywhere.
 */
export function formatGateHtml(report: GateReport): string {
  const { runs, problems, settings, family, judges, detectable, worst, floors, ratios } = report;
  const failed = report.verdict === "failed";
  const body = [
    `<header><p class="verdict ${report.verdict}">${failed ? "Failed" : "Passed"}</p>`,
    `<h1>Eval gate</h1>`,
    `<p class="about">${runs.map((run) => `${escape(formatRun(run))}: ${run.questions} questions`).join("; ")}. Judges: ${escape(judges.join(", "))}.</p>`,
    problems.length === 0 ? "<p>No regression, every floor met.</p>" : problemList(problems),
    "</header>",
    ...runs.flatMap((run) => {
      const { changed, baselineAt, baselineCommit } = run;
      const own = report.comparisons.filter(({ pipeline, dataset }) => pipeline === run.pipeline && dataset === run.dataset);
      if (baselineAt === null) {
        return [
          `<section><h2>${escape(formatRun(run))}</h2><p class="about">There is no baseline: only the floors are held.</p></section>`,
        ];
      }
      return [
        `<section><h2>${escape(formatRun(run))}</h2>`,
        `<p class="about">Beside the baseline of ${escape(baselineAt.slice(0, 10))}${baselineCommit === null ? "" : ` (${escape(baselineCommit.slice(0, 7))})`}${changed ? "; the spec of the pipeline has changed" : ""}.</p>`,
        `<figure>${forestPlot(own.filter(({ slice }) => slice === "all"))}<figcaption>Difference to the baseline over all questions, 95 % bootstrap interval of each metric alone. Left of the line is worse.</figcaption></figure>`,
        `<figure>${sliceMap(own)}<figcaption>Difference by slice. Grey: unchanged; framed: regressed; hatched: too few questions to test.</figcaption></figure>`,
        `<details><summary>All ${own.length} figures</summary>${comparisonTable(own)}</details></section>`,
      ];
    }),
    "<section><h2>Floors</h2>",
    table(
      ["run", "metric", "value", "questions", "bound", ""],
      floors.map(({ dataset, pipeline, metric, slice, value, count, bound, strict, met, skipped }) => [
        formatRun({ pipeline, dataset }),
        formatMetric({ metric, slice }),
        formatScore(value),
        String(count),
        `${strict ? ">" : "≥"} ${bound}`,
        skipped ? "not measured" : met ? "met" : "NOT MET",
      ]),
      floors.map(({ met }) => !met),
    ),
    "<h2>Cost and time</h2>",
    table(
      ["run", "", "before", "after", "ratio", ""],
      ratios.map(({ dataset, pipeline, what, before, after, ratio, state }) => [
        formatRun({ pipeline, dataset }),
        ratioName[what],
        formatAmount(what, before),
        formatAmount(what, after),
        formatRatio(ratio),
        ratioState[state],
      ]),
      ratios.map(({ state }) => state === "failed"),
    ),
    "</section>",
    worst.length === 0 ? "" : `<section><h2>Questions that got worse</h2>${worst.map(worstCase).join("")}</section>`,
    `<footer><p>${escape(formatDetectable(detectable))}.</p><p>${family} hypotheses tested together; at most ${(settings.familyWiseAlpha * 100).toFixed(0)} % of comparisons of equal runs raise any alarm; ${settings.resamples.toLocaleString("en")} resamples; slices of fewer than ${settings.minimumCases} scored questions are not tested.</p></footer>`,
  ];
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Eval gate: ${report.verdict}</title><style>${style}</style></head>`,
    `<body><main>${body.join("\n")}</main></body></html>`,
    "",
  ].join("\n");
}

const problemsShown = 8;

function problemList(problems: readonly string[]): string {
  const list = (some: readonly string[]) => `<ul class="problems">${some.map((problem) => `<li>${escape(problem)}</li>`).join("")}</ul>`;
  const rest = problems.slice(problemsShown);
  const folded = rest.length === 0 ? "" : `<details><summary>${rest.length} more</summary>${list(rest)}</details>`;
  return `${list(problems.slice(0, problemsShown))}${folded}`;
}

/** A row for each metric: the difference as a dot on its interval, around a line at 0. */
function forestPlot(rows: readonly Comparison[]): string {
  const left = 190;
  const width = 760;
  const right = 150;
  const rowHeight = 22;
  const reach = niceReach(Math.max(0.02, ...rows.flatMap(({ difference }) => [Math.abs(difference.low), Math.abs(difference.high)])));
  const x = (value: number) => round(left + ((value + reach) / (2 * reach)) * (width - left - right));
  const height = rows.length * rowHeight + 34;
  const ticks = [-reach, -reach / 2, 0, reach / 2, reach];
  const bottom = height - 24;
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Differences of the metrics to the baseline">`,
    ...ticks.map(
      (tick) =>
        `<line class="${tick === 0 ? "zero" : "grid"}" x1="${x(tick)}" x2="${x(tick)}" y1="4" y2="${bottom}"/><text class="tick" x="${x(tick)}" y="${height - 8}" text-anchor="middle">${formatChange(tick)}</text>`,
    ),
    ...rows.map(({ metric, difference, changed, regressed, before, after }, index) => {
      const y = 4 + rowHeight * (index + 0.5);
      const kind = regressed ? "worse" : changed === 0 ? "same" : difference.low > 0 ? "better" : "open";
      return [
        `<g class="${kind}"><title>${escape(`${metric}: ${formatScore(before)} → ${formatScore(after)}, ${formatChange(difference.mean)} ${formatInterval(difference)}`)}</title>`,
        `<text x="${left - 10}" y="${y + 4}" text-anchor="end">${escape(metric)}</text>`,
        changed === 0 ? "" : `<line class="interval" x1="${x(difference.low)}" x2="${x(difference.high)}" y1="${y}" y2="${y}"/>`,
        `<circle cx="${x(difference.mean)}" cy="${y}" r="4"/>`,
        `<text class="value" x="${width - right + 12}" y="${y + 4}">${formatScore(before)} → ${formatScore(after)}</text></g>`,
      ].join("");
    }),
    "</svg>",
  ].join("");
}

/** Metrics by slices, coloured by the difference. */
function sliceMap(rows: readonly Comparison[]): string {
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  const slices = [...new Set(rows.map(({ slice }) => slice))];
  const left = 190;
  const top = 96;
  // The last label leans out to the right.
  const lean = 70;
  const cell = Math.min(44, Math.floor((760 - left - lean) / Math.max(1, slices.length)));
  const height = top + metrics.length * 20 + 4;
  const found = new Map(rows.map((one) => [`${one.metric}\0${one.slice}`, one]));
  return [
    `<svg viewBox="0 0 760 ${height}" role="img" aria-label="Differences by slice">`,
    ...slices.map((slice, column) => {
      const x = left + column * cell + cell / 2;
      return `<text class="slice" transform="translate(${x} ${top - 8}) rotate(-45)">${escape(slice)}</text>`;
    }),
    ...metrics.map((metric, index) => `<text x="${left - 10}" y="${top + index * 20 + 14}" text-anchor="end">${escape(metric)}</text>`),
    ...metrics.flatMap((metric, index) =>
      slices.map((slice, column) => {
        const one = found.get(`${metric}\0${slice}`);
        if (!one) return "";
        const { difference, before, after, count, changed, tested, regressed } = one;
        const strength = Math.min(1, Math.abs(difference.mean) / 0.2);
        const kind = changed === 0 ? "same" : difference.mean < 0 ? "worse" : "better";
        const opacity = changed === 0 ? 1 : round(0.2 + 0.8 * strength);
        const title = `${metric}, ${slice}: ${formatScore(before)} → ${formatScore(after)} (${count} questions)`;
        return `<rect class="cell ${kind}${regressed ? " regressed" : ""}${tested ? "" : " untested"}" x="${left + column * cell + 1}" y="${top + index * 20 + 1}" width="${cell - 2}" height="18" fill-opacity="${tested ? opacity : round(opacity / 2)}"${tested ? "" : ' stroke-dasharray="2 2"'}><title>${escape(title)}</title></rect>`;
      }),
    ),
    "</svg>",
  ].join("");
}

function comparisonTable(rows: readonly Comparison[]): string {
  return table(
    ["metric", "slice", "n", "changed", "before", "after", "difference", "95 % interval", "p", "adjusted p", ""],
    rows.map(({ metric, slice, count, changed, before, after, difference, p, adjustedP, tested, regressed }) => [
      metric,
      slice,
      String(count),
      String(changed),
      formatScore(before),
      formatScore(after),
      formatChange(difference.mean),
      changed === 0 ? "–" : formatInterval(difference),
      tested ? formatP(p) : "–",
      tested ? formatP(adjustedP) : "too few",
      regressed ? "WORSE" : "",
    ]),
    rows.map(({ regressed }) => regressed),
  );
}

function worstCase({ dataset, pipeline, before, after, fell }: WorstCase): string {
  return [
    `<article><h3>${escape(after.question)}</h3>`,
    `<p class="about">${escape(after.id)} · ${escape(formatRun({ pipeline, dataset }))} · ${escape(after.tags.join(", "))}${after.answerable ? "" : " · cannot be answered"}</p>`,
    `<p>${fell.map((one) => `<span class="fall">${escape(one.metric)} ${formatScore(one.before)} → ${formatScore(one.after)}</span>`).join(" ")}</p>`,
    `<div class="sides">${side("Before", before)}${side("After", after)}</div></article>`,
  ].join("");
}

function side(name: string, { text, finishReason, citations, contexts }: GateCase): string {
  return [
    `<div><h4>${name} <small>${escape(finishReason ?? "searched")}</small></h4>`,
    finishReason === null ? "" : `<blockquote>${text === "" ? "no answer" : escape(text)}</blockquote>`,
    finishReason === null
      ? ""
      : citations.length === 0
        ? "<p>Nothing cited.</p>"
        : `<ol>${citations.map((one) => `<li><cite>${escape(formatPlace(one))}</cite> ${escape(one.text)}</li>`).join("")}</ol>`,
    `<p class="about">Sources: ${contexts.length === 0 ? "none" : escape(contexts.map(formatPlace).join(" · "))}</p></div>`,
  ].join("");
}

function table(head: readonly string[], rows: readonly (readonly string[])[], bad: readonly boolean[]): string {
  const cells = (tag: "td" | "th", values: readonly string[]) => values.map((value) => `<${tag}>${escape(value)}</${tag}>`).join("");
  return `<div class="scroll"><table><thead><tr>${cells("th", head)}</tr></thead><tbody>${rows
    .map((row, index) => `<tr${bad[index] ? ' class="bad"' : ""}>${cells("td", row)}</tr>`)
    .join("")}</tbody></table></div>`;
}

/** The next of 0.02, 0.05, 0.1, 0.2, 0.5, 1 that holds the value. */
const niceReach = (value: number): number => [0.02, 0.05, 0.1, 0.2, 0.5].find((step) => value <= step) ?? 1;
const round = (value: number): number => Math.round(value * 100) / 100;

const style = `
:root{color-scheme:light dark;--ink:#1d2330;--soft:#667085;--line:#d8dde6;--paper:#fff;--card:#f6f7f9;--worse:#c0392b;--better:#1e8449;--open:#3b5bdb}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa4b2;--line:#343b48;--paper:#14171d;--card:#1c2129;--worse:#ff7b6b;--better:#57c785;--open:#8ea6ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1000px;margin:0 auto;padding:24px 20px 64px}
h1{margin:0 0 4px;font-size:26px}h2{margin:36px 0 8px;font-size:19px}h3{margin:0;font-size:16px}h4{margin:0 0 6px;font-size:14px}small{color:var(--soft);font-weight:400}
.about,figcaption,footer{color:var(--soft);font-size:13px}
.verdict{float:right;margin:4px 0 0;padding:4px 14px;border-radius:6px;color:#fff;font-weight:600}
.verdict.passed{background:#1e8449}.verdict.failed{background:#c0392b}
.problems{padding-left:20px}.problems li{margin:4px 0}
figure{margin:16px 0;overflow-x:auto}svg{width:100%;min-width:640px;height:auto;display:block}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .tick,svg .value{fill:var(--soft);font-size:11px}svg .slice{font-size:11px}
.grid{stroke:var(--line)}.zero{stroke:var(--soft);stroke-width:1.5}
.interval{stroke:currentColor;stroke-width:2}g.worse{color:var(--worse)}g.better{color:var(--better)}g.open{color:var(--open)}g.same{color:var(--soft)}g circle{fill:currentColor}
.cell.worse{fill:var(--worse)}.cell.better{fill:var(--better)}.cell.same{fill:var(--line)}.cell.regressed{stroke:var(--ink);stroke-width:2}.cell.untested{stroke:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}th,td{padding:4px 8px;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}th{color:var(--soft);font-weight:500}.bad td{color:var(--worse);font-weight:600}
article{background:var(--card);border-radius:8px;padding:14px 16px;margin:12px 0}.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:16px}
blockquote{margin:0 0 8px;padding-left:10px;border-left:3px solid var(--line);white-space:pre-wrap;overflow-wrap:anywhere}ol{margin:0 0 8px;padding-left:20px;font-size:13px;overflow-wrap:anywhere}cite{color:var(--soft)}
.fall{display:inline-block;margin:2px 4px 2px 0;padding:1px 8px;border-radius:10px;background:color-mix(in srgb,var(--worse) 18%,transparent);font-size:12px}
`.trim();
