import { execFile } from "node:child_process";
import { glob, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isFootnoteError } from "@footnote/core";
import { characterMultisetF1, shingleF1 } from "@footnote/evaluation/metrics";
import { createPdfParser, extractRawPdfText } from "@footnote/ingestion/pdf";
import { z } from "zod";

export interface PdfExtractionReport {
  /** Files that both readers could open and in which at least one found text. */
  files: number;
  /** Files in which neither found text; they are in no average. */
  withoutText: number;
  /** Median character-multiset F1 over those files, 0…1. */
  median: number;
  mean: number;
  /** Files below 0.9, worst first, each with what is known about it. */
  below: { file: string; f1: number; found: number; expected: number; reason: string }[];
  /** Files that one of the two, or both, could not open. */
  unopened: { file: string; ours: string; pdfium: string }[];
  perFile: { file: string; f1: number }[];
}

const pdfiumLine = z.union([z.object({ path: z.string(), pages: z.array(z.string()) }), z.object({ path: z.string(), error: z.string() })]);

const script = fileURLToPath(new URL("./pdfium-text.py", import.meta.url));

/** Raw text of PDFs before any clean-up beside pdfium's, by character-multiset F1. `python` is one with pypdfium2. */
export async function evaluatePdfExtraction(options: {
  folder: string;
  python: string;
  log: (line: string) => void;
  signal?: AbortSignal;
}): Promise<PdfExtractionReport> {
  const files: string[] = [];
  for await (const file of glob("**/*.pdf", { cwd: options.folder })) files.push(file);
  files.sort();
  const pdfium = await readWithPdfium({
    python: options.python,
    paths: files.map((file) => resolve(join(options.folder, file))),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const report: PdfExtractionReport = { files: 0, withoutText: 0, median: 0, mean: 0, below: [], unopened: [], perFile: [] };
  for (const file of files) {
    options.signal?.throwIfAborted();
    const path = resolve(join(options.folder, file));
    const theirs = pdfium.get(path) ?? { error: "not read" };
    const ours = await extractRawPdfText(await readFile(path)).then(
      (pages) => ({ pages }),
      (error: unknown) => ({ error: isFootnoteError(error) ? error.code : "failed" }),
    );
    if ("error" in ours || "error" in theirs) {
      report.unopened.push({
        file,
        ours: "error" in ours ? ours.error : "opened",
        pdfium: "error" in theirs ? theirs.error : "opened",
      });
      continue;
    }
    const found = ours.pages.join("\n");
    const expected = theirs.pages.join("\n");
    if (found.trim() === "" && expected.trim() === "") {
      report.withoutText += 1;
      continue;
    }
    const { f1 } = characterMultisetF1(found, expected);
    report.perFile.push({ file, f1 });
    if (f1 < 0.9) report.below.push({ file, f1, found: found.length, expected: expected.length, reason: explain(found, expected) });
  }
  const scores = report.perFile.map((row) => row.f1).toSorted((a, b) => a - b);
  report.files = scores.length;
  report.mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
  report.median = ((scores[(scores.length - 1) >> 1] ?? 0) + (scores[scores.length >> 1] ?? 0)) / 2;
  report.below.sort((a, b) => a.f1 - b.f1);
  options.log(
    `${report.files} PDFs: median ${report.median.toFixed(4)}, mean ${report.mean.toFixed(4)}, least ${(scores[0] ?? 0).toFixed(4)} (character-multiset F1 against pdfium); ${report.withoutText} more without text on both sides`,
  );
  for (const row of report.below) options.log(`  below 0.9: ${row.file}  ${row.f1.toFixed(3)}  ${row.reason}`);
  for (const row of report.unopened) options.log(`  not compared: ${row.file}  ours: ${row.ours}, pdfium: ${row.pdfium}`);
  return report;
}

export interface PdfCleanUpReport {
  /** By file: F1 over characters, and over runs of four words, which also sees a wrong order. */
  files: { file: string; characters: number; shingles: number }[];
  /** The least of either over all files. */
  least: number;
}

/** Clean-up and reading order: the parsed text beside a committed one, `expected/<folder>-<name>.txt` for `documents/<folder>/<name>.pdf`. */
export async function evaluatePdfCleanUp(options: { folder: string; log: (line: string) => void }): Promise<PdfCleanUpReport> {
  const parser = createPdfParser();
  const report: PdfCleanUpReport = { files: [], least: 1 };
  const files: string[] = [];
  for await (const file of glob("**/*.pdf", { cwd: join(options.folder, "documents") })) files.push(file);
  for (const file of files.toSorted()) {
    const name = file.replaceAll(/[/\\]/gu, "-").replace(/\.pdf$/u, ".txt");
    const expected = await readFile(join(options.folder, "expected", name), "utf8");
    const { text } = await parser.parse({ bytes: await readFile(join(options.folder, "documents", file)) });
    const row = { file, characters: characterMultisetF1(text, expected).f1, shingles: shingleF1(text, expected).f1 };
    report.files.push(row);
    report.least = Math.min(report.least, row.characters, row.shingles);
    options.log(`${file}  characters ${row.characters.toFixed(4)}, runs of four words ${row.shingles.toFixed(4)}`);
  }
  return report;
}

async function readWithPdfium(options: {
  python: string;
  paths: readonly string[];
  signal?: AbortSignal;
}): Promise<Map<string, { pages: string[] } | { error: string }>> {
  const { stdout } = await promisify(execFile)(options.python, [script, ...options.paths], {
    timeout: 300_000,
    maxBuffer: 512 * 1024 * 1024,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const lines = stdout.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => pdfiumLine.parse(JSON.parse(line))).map((row) => [row.path, row]));
}

/** What differs, in words: the most frequent characters that only one side has. */
function explain(found: string, expected: string): string {
  if (found.trim() === "") return "no text from pdfjs";
  if (expected.trim() === "") return "no text from pdfium";
  const counts = new Map<string, number>();
  for (const character of found.normalize("NFKC")) counts.set(character, (counts.get(character) ?? 0) + 1);
  for (const character of expected.normalize("NFKC")) counts.set(character, (counts.get(character) ?? 0) - 1);
  const different = [...counts]
    .filter(([character, count]) => /\S/u.test(character) && count !== 0)
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const name = ([character, count]: [string, number]): string =>
    `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")} ${count > 0 ? "+" : ""}${count}`;
  return `characters ours − pdfium's: ${different.slice(0, 6).map(name).join(", ")}`;
}
