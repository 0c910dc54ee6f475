import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extractRawPdfText } from "@footnote/ingestion/pdf";
import { afterEach, beforeEach, expect, it } from "vitest";
import { evaluatePdfCleanUp, evaluatePdfExtraction } from "./extraction-pdf.ts";
import { inCheckout } from "./shared-folder.ts";

const sample = inCheckout("examples/handbook/documents/company/annual-report-2025.pdf");
let root = "";
let folder = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "footnote-pdfs-"));
  folder = join(root, "pdfs");
  await mkdir(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Stands for a Python with pypdfium2: prints what is given, whatever it is asked. */
async function pdfiumThatSays(texts: Record<string, { pages: string[] } | { error: string }>): Promise<string> {
  const path = join(root, "python");
  const lines = Object.entries(texts).map(([file, result]) => JSON.stringify({ path: join(folder, file), ...result }));
  await writeFile(`${path}.jsonl`, lines.join("\n"));
  await writeFile(path, `#!/bin/sh\ncat "${path}.jsonl"\n`);
  await chmod(path, 0o755);
  return path;
}

it("compares files that both readers open, and lists the others and those that differ", async () => {
  const pages = await extractRawPdfText(await readFile(sample));
  for (const name of ["same.pdf", "less.pdf", "none.pdf"]) await copyFile(sample, join(folder, name));
  await writeFile(join(folder, "broken.pdf"), "%PDF-1.7 and nothing else");
  const python = await pdfiumThatSays({
    "same.pdf": { pages },
    "less.pdf": { pages: ["Z".repeat(1000), "e".repeat(100)] },
    "none.pdf": { pages: [""] },
    "broken.pdf": { error: "Data format error" },
  });
  const lines: string[] = [];
  const report = await evaluatePdfExtraction({ folder, python, log: (line) => lines.push(line) });
  expect(report).toMatchObject({ files: 3, withoutText: 0, unopened: [{ file: "broken.pdf", pdfium: "Data format error" }] });
  expect(report.perFile.find(({ file }) => file === "same.pdf")?.f1).toBe(1);
  expect(report.below.map(({ file }) => file)).toEqual(["none.pdf", "less.pdf"]);
  expect(report.below.map(({ reason }) => reason)).toEqual(["no text from pdfium", expect.stringMatching(/U\+005A -/u)]);
  expect(report.median).toBe(report.below[1]?.f1);
  expect(lines.some((line) => line.includes("not compared: broken.pdf"))).toBe(true);
});

it("sees characters that are missing, and words that stand elsewhere, in the cleaned text", async () => {
  await mkdir(join(root, "documents/company"), { recursive: true });
  await mkdir(join(root, "expected"));
  await copyFile(sample, join(root, "documents/company/report.pdf"));
  const expected = await readFile(inCheckout("examples/handbook/expected/company-annual-report-2025.txt"), "utf8");
  const put = (text: string) => writeFile(join(root, "expected/company-report.txt"), text);
  const score = () => evaluatePdfCleanUp({ folder: root, log: () => {} });
  await put(expected);
  expect(await score()).toEqual({ files: [{ file: "company/report.pdf", characters: 1, shingles: 1 }], least: 1 });
  await put(
    expected
      .split(/(?<=\. )/u)
      .toReversed()
      .join(""),
  );
  const reordered = await score();
  expect(reordered.files[0]?.characters).toBe(1);
  expect(reordered.least).toBeLessThan(0.98);
  await put(expected.slice(0, expected.length / 2));
  expect((await score()).files[0]?.characters).toBeLessThan(0.9);
});
