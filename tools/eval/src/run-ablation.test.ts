import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { formatAblationReport, runAblation, writeAblation } from "./run-ablation.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-ablation-run-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lines: string[] = [];
const common = () => ({
  cacheDir: join(folder, "cache"),
  model: null,
  variables: { FOOTNOTE_EMBED_WORKERS: "1", FOOTNOTE_SHARED: folder },
  log: (line: string) => void lines.push(line),
});

it("answers the golden set's first questions with each variant, and writes table and picture", { timeout: 300_000 }, async () => {
  const options = { ...common(), sets: ["handbook"], steps: ["packing", "transform"], limit: 2 };
  const report = await runAblation(options);
  expect(report.sets).toEqual([{ dataset: "handbook", split: "test", questions: 2 }]);
  const byChange = new Map(report.rows.map((row) => [row.change, row]));
  expect(byChange.get("section (parent)")?.differences.get("handbook test gold-citation-recall")?.count).toBeGreaterThan(0);
  expect(byChange.get("HyDE")?.unmeasured).toBe("needs a model; unmeasured");
  await mkdir(join(folder, "quality"));
  await writeFile(join(folder, "quality/ablation.md"), "# Quality\n\nWhat was measured before.\n");
  await writeAblation(report, folder);
  const page = await readFile(join(folder, "quality/ablation.md"), "utf8");
  expect(page).toContain("What was measured before.");
  expect(page).toContain("Only the first 2 questions of each set.");
  expect(page).toContain("| packing | section (parent) |");
  expect(await readFile(join(folder, "quality/ablation.svg"), "utf8")).toContain("packing: section (parent)");
  expect(formatAblationReport(report)).toMatch(/transform: HyDE\s+needs a model; unmeasured/u);
  // Nothing is left to measure.
  lines.length = 0;
  expect((await runAblation(options)).rows).toEqual(report.rows);
  expect(lines.filter((line) => line.startsWith("handbook"))).toEqual([]);
});

it("says that there is no such step, and that no set is here", async () => {
  await expect(runAblation({ ...common(), steps: ["magic"] })).rejects.toThrow(/no step "magic"/u);
  await expect(runAblation({ ...common(), sets: ["scifact"], full: true })).rejects.toThrow(/None of the sets is here/u);
  expect(lines.at(-1)).toMatch(/skipped: scifact is not here/u);
});
