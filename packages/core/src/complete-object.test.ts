import { describe, expect, it } from "vitest";
import { z } from "zod";
import { completeObject } from "./complete-object.ts";
import type { CompletionRequest, CompletionResult } from "./ports/language-model.ts";
import { createScriptedModel } from "./testing/scripted-model.ts";
import { usdOfTokens } from "./token-prices.ts";
import { createUsageMeter } from "./usage-meter.ts";

const schema = z.strictObject({ verdict: z.enum(["yes", "no"]) });
const usage = { promptTokens: 10, completionTokens: 2, cachedTokens: 4 };

function modelSaying(replies: readonly (Partial<CompletionResult> | Error)[]) {
  return createScriptedModel({ scripts: [], completions: replies.map((reply) => (reply instanceof Error ? reply : { usage, ...reply })) });
}
const request = { name: "verdict", schema, system: "Judge.", prompt: "Is it?", maxTokens: 50 };

describe("completeObject", () => {
  it("returns a reply of the stated shape and sends the shape", async () => {
    const model = modelSaying([{ text: '{"verdict":"yes"}' }]);
    expect(await completeObject(model, request)).toEqual({ value: { verdict: "yes" }, repaired: false });
    expect(model.completionRequests[0]?.schema).toMatchObject({
      name: "verdict",
      jsonSchema: { type: "object", required: ["verdict"], additionalProperties: false },
    });
  });

  it.each(['```json\n{"verdict":"no"}\n```', 'Sure, here it is: {"verdict":"no"} I hope that helps.'])("finds JSON in %j", async (text) => {
    expect((await completeObject(modelSaying([{ text }]), request)).value).toEqual({ verdict: "no" });
  });

  it.each([
    ["words", "I think so.", "it is not JSON"],
    ["broken JSON", '{"verdict":', "it is not JSON"],
    ["another shape", '{"verdict":"perhaps"}', "verdict is wrong"],
    ["a field too many", '{"verdict":"yes","why":"because"}', "the reply is wrong"],
  ])("repairs %s once, saying what is wrong and showing the reply as data", async (_name, text, wrong) => {
    const model = modelSaying([{ text }, { text: '{"verdict":"yes"}' }]);
    const made = await completeObject(model, request);
    expect(made).toEqual({ value: { verdict: "yes" }, repaired: true });
    const repair: CompletionRequest | undefined = model.completionRequests[1];
    expect(repair?.system).toBe("Judge.");
    expect(repair?.prompt).toContain(wrong);
    expect(repair?.prompt).toContain(JSON.stringify(text));
  });

  it("says that a reply was cut off", async () => {
    const model = modelSaying([{ text: '{"verdict', finishReason: "length" }, { text: '{"verdict":"yes"}' }]);
    await completeObject(model, request);
    expect(model.completionRequests[1]?.prompt).toContain("cut off by the token limit");
  });

  it("gives up after one repair, without what was said, and both calls are counted", async () => {
    const model = modelSaying([{ text: "secret words" }, { text: "secret words" }]);
    const meter = createUsageMeter();
    const error = await completeObject(model, { ...request, meter: meter.callsOf("judge", model) }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "model_failed", retryable: false, details: { reason: "malformed" } });
    expect(meter.used()).toMatchObject([{ modelCalls: 2, inputTokens: 20, outputTokens: 4, cachedTokens: 8 }]);
    expect(JSON.stringify(error)).not.toContain("secret");
    expect(model.completionRequests).toHaveLength(2);
  });

  it("does not repair a refusal or an upstream failure", async () => {
    const refusing = modelSaying([{ text: "", finishReason: "refusal" }]);
    await expect(completeObject(refusing, request)).rejects.toMatchObject({ code: "model_failed", details: { reason: "refusal" } });
    expect(refusing.completionRequests).toHaveLength(1);
    await expect(completeObject(modelSaying([new Error("gone")]), request)).rejects.toThrow("gone");
  });

  it("names a model that cannot complete", async () => {
    const model = createScriptedModel({ scripts: [], name: "extractive", extractive: true });
    await expect(completeObject(model, request)).rejects.toMatchObject({ code: "configuration_invalid" });
  });
});

describe("usdOfTokens", () => {
  it("counts cached tokens at their own price and nothing without prices", () => {
    const prices = { promptUsdPerMillion: 2, completionUsdPerMillion: 8, cachedUsdPerMillion: 0.5 };
    expect(usdOfTokens(prices, { promptTokens: 1_000_000, completionTokens: 500_000, cachedTokens: 400_000 })).toBeCloseTo(1.2 + 0.2 + 4);
    expect(usdOfTokens({ promptUsdPerMillion: 2, completionUsdPerMillion: 8 }, { ...usage })).toBeCloseTo((10 * 2 + 2 * 8) / 1e6);
    expect(usdOfTokens(undefined, usage)).toBe(0);
    expect(usdOfTokens(prices, { promptTokens: 1, completionTokens: 0, cachedTokens: 100 })).toBeGreaterThanOrEqual(0);
  });
});
