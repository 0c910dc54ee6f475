import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { shingleF1, tokenMultisetF1 } from "@footnote/evaluation/metrics";
import { bootstrapDifference, bootstrapMean, type Interval } from "@footnote/evaluation/statistics";
import { createHtmlParser } from "@footnote/ingestion/html";
import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import { z } from "zod";

export interface HtmlExtractionScores {
  /** Means over the pages, 0…1. */
  tokenF1: number;
  precision: number;
  recall: number;
  /** The benchmark's own metric: F1 over runs of four tokens. */
  shingleF1: number;
}

export interface HtmlExtractionReport {
  pages: number;
  footnote: HtmlExtractionScores;
  readability: HtmlExtractionScores;
  /** Token F1 with 95 % intervals over pages, and the paired difference footnote − readability. */
  intervals: { footnote: Interval; readability: Interval; difference: Interval };
  /** Pages by token F1, worst first. */
  perPage: { page: string; footnote: number; readability: number }[];
}

interface HtmlPage {
  name: string;
  html: Uint8Array;
  expected: string;
}

const groundTruthSchema = z.record(z.string(), z.looseObject({ articleBody: z.string() }));

/**
 * Main-content extraction beside @mozilla/readability on a folder in the layout of the article-extraction benchmark
 * (`ground-truth.json`, `html/<name>.html.gz`) or of Readability's own test pages (`<name>/source.html`, `expected.html`).
 */
export async function evaluateHtmlExtraction(options: { folder: string; log: (line: string) => void }): Promise<HtmlExtractionReport> {
  const parser = createHtmlParser();
  const results: { page: string; ours: PageScores; theirs: PageScores }[] = [];
  for (const { name, html, expected } of await readPages(options.folder)) {
    const ours = await parser.parse({ bytes: html }).then(
      (document) => document.text,
      () => "",
    );
    results.push({ page: name, ours: scorePage(ours, expected), theirs: scorePage(readabilityText(html), expected) });
  }
  const ours = results.map((result) => result.ours.tokenF1);
  const theirs = results.map((result) => result.theirs.tokenF1);
  const report: HtmlExtractionReport = {
    pages: results.length,
    footnote: average(results.map((result) => result.ours)),
    readability: average(results.map((result) => result.theirs)),
    intervals: { footnote: bootstrapMean(ours), readability: bootstrapMean(theirs), difference: bootstrapDifference(theirs, ours) },
    perPage: results
      .map((result) => ({ page: result.page, footnote: result.ours.tokenF1, readability: result.theirs.tokenF1 }))
      .toSorted((a, b) => a.footnote - b.footnote),
  };
  for (const name of ["footnote", "readability"] as const) {
    const scores = report[name];
    const { low, high } = report.intervals[name];
    options.log(
      `${name.padEnd(12)} token F1 ${scores.tokenF1.toFixed(4)} [${low.toFixed(3)}, ${high.toFixed(3)}]  precision ${scores.precision.toFixed(4)}  recall ${scores.recall.toFixed(4)}  4-gram F1 ${scores.shingleF1.toFixed(4)}  (${report.pages} pages)`,
    );
  }
  const { mean, low, high } = report.intervals.difference;
  options.log(`footnote − readability, paired: ${mean.toFixed(4)} [${low.toFixed(3)}, ${high.toFixed(3)}]`);
  for (const { page, footnote, readability } of report.perPage.filter((row) => row.footnote < 0.8)) {
    options.log(`  below 0.8: ${page.slice(0, 40).padEnd(40)} ${footnote.toFixed(3)}  readability ${readability.toFixed(3)}`);
  }
  return report;
}

type PageScores = HtmlExtractionScores;

function scorePage(found: string, expected: string): PageScores {
  const { f1, precision, recall } = tokenMultisetF1(found, expected);
  return { tokenF1: f1, precision, recall, shingleF1: shingleF1(found, expected).f1 };
}

function average(scores: readonly PageScores[]): HtmlExtractionScores {
  const mean = (pick: (score: PageScores) => number): number =>
    scores.reduce((sum, score) => sum + pick(score), 0) / Math.max(1, scores.length);
  return {
    tokenF1: mean((score) => score.tokenF1),
    precision: mean((score) => score.precision),
    recall: mean((score) => score.recall),
    shingleF1: mean((score) => score.shingleF1),
  };
}

async function readPages(folder: string): Promise<HtmlPage[]> {
  const names = (await readdir(folder)).toSorted();
  if (names.includes("ground-truth.json")) {
    const truth = groundTruthSchema.parse(JSON.parse(await readFile(join(folder, "ground-truth.json"), "utf8")));
    const pages: HtmlPage[] = [];
    const files = new Set(await readdir(join(folder, "html")));
    for (const [name, { articleBody }] of Object.entries(truth)) {
      if (!files.has(`${name}.html.gz`)) continue;
      pages.push({ name, expected: articleBody, html: gunzipSync(await readFile(join(folder, "html", `${name}.html.gz`))) });
    }
    return pages;
  }
  const pages: HtmlPage[] = [];
  for (const name of names) {
    try {
      const html = await readFile(join(folder, name, "source.html"));
      pages.push({ name, html, expected: plainText(await readFile(join(folder, name, "expected.html"), "utf8")) });
    } catch {
      // not a page's folder
    }
  }
  return pages;
}

function plainText(html: string): string {
  return html
    .replace(/<(?:script|style)[\s\S]*?<\/(?:script|style)>/giu, " ")
    .replace(/<\/?(?:a|b|i|em|strong|span|code|sup|sub|font|u|small|abbr|cite|q|mark|s|del|ins|kbd|time)\b[^>]*>/giu, "")
    .replace(/<[^>]*>/gu, " ")
    .replace(/&nbsp;/gu, " ")
    .replace(/&lt;/gu, "<")
    .replace(/&gt;/gu, ">")
    .replace(/&quot;/gu, '"')
    .replace(/&amp;/gu, "&");
}

function readabilityText(html: Uint8Array): string {
  try {
    const { document } = parseHTML(Buffer.from(html).toString("utf8"));
    return plainText(new Readability(document).parse()?.content ?? "");
  } catch {
    return "";
  }
}
