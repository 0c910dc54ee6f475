import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pipelines } from "../pipelines.ts";
import { textFeatureNames } from "./learned-features.ts";
import { learnedWeights } from "./learned-weights.ts";

const folder = new URL("./weights/", import.meta.url);
const files = readdirSync(folder);

describe("shipped weights", () => {
  it.each(files)("%s is found by its name, and names features that exist and the signals that they need", (file) => {
    const found = learnedWeights(file.replace(/\.json$/u, ""));
    expect(found).toEqual(JSON.parse(readFileSync(new URL(file, folder), "utf8")));
    const known = new Set<string>(textFeatureNames);
    for (const [feature, weight] of Object.entries(found?.weights ?? {})) {
      expect(Number.isFinite(weight)).toBe(true);
      const [signal = ""] = feature.split(".");
      expect(known.has(feature) || found?.signals.includes(signal)).toBe(true);
    }
  });

  it.each([
    ["fusion-1", "fusion@1"],
    ["fusion-1-without-scifact", "fusion-without-scifact@1"],
  ])("%s, as stored specs may call it, is %s", (former, now) => {
    expect(learnedWeights(former)).toBe(learnedWeights(now));
    expect(learnedWeights(former)).toBeDefined();
  });

  it("are those that the shipped pipelines name, and no others", () => {
    const { reranker } = pipelines.default;
    expect(reranker.type === "learned-linear" && learnedWeights(reranker.weights)).toBeTruthy();
    expect(learnedWeights("none")).toBeUndefined();
  });
});
