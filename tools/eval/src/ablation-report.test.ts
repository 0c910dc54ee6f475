import { pipelineHash } from "@footnote/core";
import { describe, expect, it } from "vitest";
import {
  type AblationSet,
  compareVariants,
  formatAblationTable,
  plotAblation,
  pooledInterval,
  withAblationSection,
} from "./ablation-report.ts";
import type { AblationResult } from "./ablation-results.ts";
import { ablationVariants, baseline } from "./ablation-variants.ts";

const [bm25, dense] = ablationVariants("m");
const hyde = ablationVariants("m").find(({ change }) => change === "HyDE");
if (!bm25 || !dense || !hyde) throw new Error("the variants are gone");

const result = (spec: typeof baseline.spec, scores: readonly number[], more: Partial<AblationResult> = {}): [string, AblationResult] => [
  pipelineHash(spec),
  {
    dataset: "made",
    split: "test",
    pipelineHash: pipelineHash(spec),
    documents: 10,
    chunks: 20,
    values: Object.fromEntries(scores.map((score, at) => [`q${at}`, { "ndcg@10": score }])),
    milliseconds: scores.map(() => 30),
    baselineMilliseconds: scores.map(() => 20),
    usd: 0,
    degraded: 0,
    commit: null,
    ...more,
  },
];
const scores = Array.from({ length: 40 }, (_, at) => (at % 5) / 5);
const sets: AblationSet[] = [
  {
    dataset: "made",
    split: "test",
    metrics: ["ndcg@10"],
    results: new Map([
      result(baseline.spec, scores),
      result(
        bm25.spec,
        scores.map((score) => score + 0.1),
        { chunks: 30, usd: 0.02 },
      ),
      // One question was not answered: only pairs count.
      result(dense.spec, scores.slice(1)),
    ]),
  },
];

describe("compareVariants", () => {
  const rows = compareVariants([baseline, bm25, dense, hyde], sets);

  it("pairs by question and gives what is the same for every question as it is", () => {
    const [first] = rows;
    expect(first?.differences.get("made test ndcg@10")).toMatchObject({
      mean: expect.closeTo(0.1),
      low: expect.closeTo(0.1),
      high: expect.closeTo(0.1),
      count: 40,
    });
    expect(first?.pooled).toMatchObject({ mean: expect.closeTo(0.1), count: 40 });
    expect(first).toMatchObject({ chunks: 1.5, latency: 1.5, usd: 0.5 });
    expect(rows[1]?.pooled?.count).toBe(39);
  });

  it("says what was not measured, and why", () => {
    expect(rows[2]).toMatchObject({ unmeasured: "needs a model; unmeasured", pooled: null });
    expect(compareVariants([baseline, bm25], [])[0]).toMatchObject({ unmeasured: "unmeasured" });
    expect(compareVariants([], sets)).toEqual([]);
  });

  it("prints a table with the reference's own values, bold where zero lies outside", () => {
    const table = formatAblationTable(rows, sets, baseline);
    expect(table).toContain("| **reference** | both legs, convex fusion | 0.400 (n = 40) |");
    expect(table).toContain("**+0.100 [+0.100, +0.100]**");
    expect(table).toContain("×1.50");
    expect(table).toMatch(/HyDE \|.*needs a model; unmeasured/u);
    expect(new Set(table.split("\n").map((line) => line.split("|").length)).size).toBe(1);
  });

  it("draws what was measured, as well-formed XML", () => {
    const svg = plotAblation(rows, sets);
    expect(svg).toContain("legs: words alone (BM25)");
    expect(svg).not.toContain("HyDE");
    expect(svg.match(/<rect /gu)).toHaveLength(3);
    expect(svg).not.toMatch(/NaN|undefined|&(?!amp;|lt;|gt;)/u);
    expect(plotAblation([], [])).toContain("</svg>");
  });
});

describe("pooledInterval", () => {
  it("counts every set alike, however many questions it has", () => {
    const pooled = pooledInterval([Array.from({ length: 100 }, () => 0.2), [0], []]);
    expect(pooled).toMatchObject({ mean: expect.closeTo(0.1), low: expect.closeTo(0.1), high: expect.closeTo(0.1), count: 101 });
    expect(pooledInterval([[], []])).toBeNull();
  });

  it("covers zero for differences around zero, and is the same each time", () => {
    const noise = Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? 0.3 : -0.3));
    const pooled = pooledInterval([noise, noise]);
    expect(pooled?.low).toBeLessThan(0);
    expect(pooled?.high).toBeGreaterThan(0);
    expect(pooledInterval([noise, noise])).toEqual(pooled);
  });
});

describe("withAblationSection", () => {
  it("adds the section once and replaces it afterwards, leaving the rest as it was", () => {
    const page = "# Quality\n\nBefore.\n";
    const once = withAblationSection(page, "## Ablation\n\nfirst");
    const twice = withAblationSection(`${once}\n## After\n`, "## Ablation\n\nsecond");
    expect(once).toContain("first");
    expect(twice).not.toContain("first");
    expect(twice.match(/## Ablation/gu)).toHaveLength(1);
    expect(twice.startsWith("# Quality\n\nBefore.")).toBe(true);
    expect(twice.trimEnd().endsWith("## After")).toBe(true);
  });
});

describe("ablationVariants", () => {
  it("changes the reference in one way each, under names of their own", () => {
    const all = ablationVariants("m");
    expect(new Set(all.map(({ spec }) => spec.name)).size).toBe(all.length);
    const hashes = all.map(({ spec }) => pipelineHash(spec));
    expect(new Set(hashes).size).toBe(all.length);
    expect(hashes).not.toContain(pipelineHash(baseline.spec));
    for (const { spec, needsModel } of all) {
      const uses = [spec.transform, spec.followUps].some((step) => "model" in step && step.model === "m");
      expect(uses).toBe(needsModel);
    }
  });
});
