import { describe, expect, it } from "vitest";
import { createUsageMeter, totalCost, totalUsage } from "./usage-meter.ts";

const writer = { name: "writer", prices: { promptUsdPerMillion: 1_000_000, completionUsdPerMillion: 2_000_000 } };
const tokens = (promptTokens: number, completionTokens: number) => ({ promptTokens, completionTokens, cachedTokens: 0 });

describe("createUsageMeter", () => {
  it("counts a call at its guess until it is told what it used", async () => {
    const meter = createUsageMeter();
    const settle = await meter.callsOf("transform", writer)(tokens(10, 5));
    const row = { stage: "transform", model: "writer", cachedTokens: 0, modelCalls: 1 };
    expect(meter.used()).toEqual([{ ...row, inputTokens: 10, outputTokens: 5, usd: 20 }]);
    settle(tokens(7, 1));
    settle(tokens(8, 1));
    expect(meter.used()).toEqual([{ ...row, inputTokens: 8, outputTokens: 1, usd: 10 }]);
  });

  it("sums up by step and model, and all of them", async () => {
    const meter = createUsageMeter();
    meter.read("embed", "space", 3);
    meter.read("rerank", "late-interaction", 100);
    await meter.callsOf("generate", writer)(tokens(4, 2));
    await meter.callsOf("generate", writer)(tokens(1, 0));
    await meter.callsOf("rewrite", { name: "free" })(tokens(9, 9));
    meter.read("embed", "space", 4);
    expect(meter.used().map(({ stage, model, inputTokens, modelCalls }) => [stage, model, inputTokens, modelCalls])).toEqual([
      ["embed", "space", 7, 0],
      ["rerank", "late-interaction", 100, 0],
      ["generate", "writer", 5, 2],
      ["rewrite", "free", 9, 1],
    ]);
    expect(totalUsage(meter.used(), "writer")).toEqual({
      model: "writer",
      promptTokens: 14,
      completionTokens: 11,
      cachedTokens: 0,
      embeddedTokens: 7,
      modelCalls: 3,
    });
    expect(totalCost(meter.used())).toEqual({ currency: "USD", embed: 0, rerank: 0, generate: 9, total: 9 });
  });
});
