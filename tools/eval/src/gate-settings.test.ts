import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricNames } from "@footnote/evaluation/metrics";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readGateSettings } from "./gate-settings.ts";
import { inCheckout } from "./shared-folder.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-gate-settings-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function read(change: Record<string, unknown> | string): Promise<unknown> {
  const path = join(folder, "gates.json");
  const whole = {
    familyWiseAlpha: 0.05,
    resamples: 10_000,
    minimumCases: 10,
    metrics: ["recall@5"],
    floors: [],
    ratios: { usd: { failAbove: 2 }, milliseconds: { warnAbove: 2, failAbove: 5, busyAbove: 1 }, cpu: { warnAbove: 2, failAbove: 5 } },
  };
  await writeFile(path, typeof change === "string" ? change : JSON.stringify({ ...whole, ...change }));
  return await readGateSettings(path);
}

describe("readGateSettings", () => {
  it("reads the committed ones, which hold every pipeline to what was promised", async () => {
    const { floors, metrics, familyWiseAlpha, resamples } = await readGateSettings(inCheckout("evals/gates.json"));
    expect({ familyWiseAlpha, resamples }).toEqual({ familyWiseAlpha: 0.05, resamples: 10_000 });
    expect(metrics.filter((metric) => !metricNames.some((known) => known === metric))).toEqual([]);
    expect(floors).toContainEqual({ dataset: "handbook", metric: "faithfulness", atLeast: 0.85 });
    expect(floors).toContainEqual({ dataset: "handbook", metric: "ragas-faithfulness", above: 0.85, when: "measured" });
    const floored = new Set(floors.map(({ metric }) => metric));
    const promised = ["answer-relevance", "context-precision", "recall@5", "recall@10", "citation-precision", "abstention"];
    expect(promised.filter((metric) => !floored.has(metric))).toEqual([]);
  });

  it.each([
    [{ familyWiseAlpha: 5 }, /familyWiseAlpha: /u],
    [{ resamples: 100 }, /resamples: /u],
    [{ floors: [{ dataset: "handbook", metric: "recall@5" }] }, /floors\.0: needs either atLeast or above/u],
    [{ floors: [{ dataset: "handbook", metric: "recall@5", atLeast: 0.5, above: 0.4 }] }, /floors\.0: needs either/u],
    [{ floor: [] }, /Unrecognized key/u],
    ["{", /the whole: /u],
  ])("names the field that is wrong: %j", async (change, message) => {
    await expect(read(change)).rejects.toThrow(message);
  });

  it("takes a floor for some pipelines, and says when the file is missing", async () => {
    const floor = { dataset: "handbook", metric: "recall@5", above: 0.5, pipelines: ["default"], when: "measured" };
    expect(await read({ floors: [floor] })).toMatchObject({ floors: [floor] });
    await expect(readGateSettings(join(folder, "absent.json"))).rejects.toThrow(/cannot be read/u);
  });
});
