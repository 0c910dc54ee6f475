import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { evaluateHtmlExtraction } from "./extraction-html.ts";

const prose = "The quick brown fox jumps over the lazy dog and runs away into the forest, where it stays until the evening comes.";
const page = `<html><body><nav><a href="/">Home</a></nav><main><p>${prose}</p><p>${prose}</p></main></body></html>`;
const folders: string[] = [];

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "extraction-"));
  folders.push(path);
  return path;
}

afterEach(async () => {
  for (const path of folders.splice(0)) await rm(path, { recursive: true });
});

describe("evaluateHtmlExtraction", () => {
  it("scores a folder of the article-extraction benchmark", async () => {
    const path = await folder();
    await mkdir(join(path, "html"));
    await writeFile(join(path, "html", "one.html.gz"), gzipSync(page));
    await writeFile(join(path, "html", "two.html.gz"), gzipSync("<html></html>"));
    await writeFile(
      join(path, "ground-truth.json"),
      JSON.stringify({ one: { articleBody: `${prose}\n${prose}` }, two: { articleBody: "lost words" }, missing: { articleBody: "x" } }),
    );
    const lines: string[] = [];
    const report = await evaluateHtmlExtraction({ folder: path, log: (line) => lines.push(line) });
    expect(report.pages).toBe(2);
    expect(report.perPage.map(({ page: name, footnote }) => [name, footnote])).toEqual([
      ["two", 0],
      ["one", 1],
    ]);
    expect(report.footnote.tokenF1).toBe(0.5);
    expect(report.intervals.footnote).toMatchObject({ mean: 0.5, count: 2 });
    expect(report.intervals.difference.mean).toBeCloseTo(report.footnote.tokenF1 - report.readability.tokenF1);
    expect(lines).toHaveLength(4);
  });

  it("scores a folder of Readability's test pages", async () => {
    const path = await folder();
    await mkdir(join(path, "a"));
    await mkdir(join(path, "b"));
    await writeFile(join(path, "a", "source.html"), page);
    await writeFile(join(path, "a", "expected.html"), `<div><p>${prose}</p><p>${prose}</p></div>`);
    const report = await evaluateHtmlExtraction({ folder: path, log: () => undefined });
    expect(report).toMatchObject({ pages: 1, footnote: { tokenF1: 1, precision: 1, recall: 1, shingleF1: 1 } });
  });
});
