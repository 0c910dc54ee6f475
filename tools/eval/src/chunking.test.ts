import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeEmbedder } from "@footnote/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { chunkingSpecs, evaluateChunking } from "./chunking.ts";

const embedder = createFakeEmbedder({ id: "chunking_64", dimensions: 64 });
const sentence = (word: string) => `The ${word} of the machine is told here in one sentence. `;
const text = ["boiler", "pump", "grinder", "filter", "switch", "cable"].map((word) => sentence(word).repeat(12)).join("\n\n");
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-chunking-"));
  await mkdir(join(folder, "corpora"));
  await writeFile(join(folder, "corpora", "machine.md"), text);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const csv = (value: string) => `"${value.replaceAll('"', '""')}"`;
async function ask(question: string, content: string, at = text.indexOf(content)): Promise<void> {
  const references = JSON.stringify([{ content, start_index: at, end_index: at + content.length }]);
  const rows = [
    ["question", "references", "corpus_id"],
    [csv(question), csv(references), "machine"],
  ];
  await writeFile(join(folder, "questions_df.csv"), `${rows.map((row) => row.join(",")).join("\n")}\n`);
}

it("scores every shipped strategy by the characters that its nearest chunks hold", async () => {
  await ask(sentence("grinder").trim(), sentence("grinder").trim());
  const lines: string[] = [];
  const report = await evaluateChunking({ folder, embedder, log: (line) => lines.push(line), k: 100 });
  expect(report).toMatchObject({ questions: 1, k: 100 });
  expect(report.rows.map(({ spec }) => spec)).toEqual(chunkingSpecs);
  // All chunks together hold the whole text once, but for overlap.
  expect(report.rows.map(({ recall }) => recall.mean)).toEqual(chunkingSpecs.map(() => 1));
  expect(report.rows.map(({ recallDifference }) => recallDifference?.mean)).toEqual([undefined, 0, 0, 0, 0, 0, 0, 0, 0]);
  const [whole, overlapping] = [0, 2].map((row) => report.rows[row]?.precision.mean ?? 0);
  expect(whole).toBeCloseTo(sentence("x").length / text.length, 2);
  expect(overlapping).toBeLessThan(whole ?? 0);
  expect(lines).toHaveLength(chunkingSpecs.length);
});

it("finds a reference whose offsets are off, and gives nothing for one that is nowhere", async () => {
  const specs = chunkingSpecs.slice(0, 1);
  await ask("boiler", sentence("boiler").trim(), 7);
  expect((await evaluateChunking({ folder, embedder, log: () => {}, specs, k: 100 })).rows[0]?.recall.mean).toBe(1);
  await ask("boiler", "Nobody wrote this.", text.length + 10);
  expect((await evaluateChunking({ folder, embedder, log: () => {}, specs, k: 100 })).rows[0]?.recall.mean).toBe(0);
});

it("names the column that is missing", async () => {
  await writeFile(join(folder, "questions_df.csv"), "question,corpus_id\na,machine\n");
  await expect(evaluateChunking({ folder, embedder, log: () => {} })).rejects.toThrow(/column references/u);
});
