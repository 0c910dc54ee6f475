import { createUsageMeter, FootnoteError, type GenerateRequest, type LanguageModel, type ModelEvent } from "@footnote/core";
import { createFakeClock, createScriptedModel, type ScriptStep, scriptText, until } from "@footnote/core/testing";
import { describe, expect, it } from "vitest";
import { withResilience } from "./with-resilience.ts";

const request: GenerateRequest = { question: "How long?", sources: [], history: [], maxSentences: 3, minSupport: 0.5 };
const busy = new FootnoteError("model_failed", "Busy.");
const noWaiting = { now: () => 0, sleep: (ms: number) => (ms >= 30_000 ? new Promise<void>(() => {}) : Promise.resolve()) };

async function read(model: LanguageModel, more: Partial<GenerateRequest> = {}): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.generate({ ...request, ...more })) events.push(event);
  return events;
}

describe("withResilience", () => {
  const scripted = (...scripts: ScriptStep[][]) => createScriptedModel({ scripts });

  it("repeats a call before its first event, as often as the request says, and counts each", async () => {
    const model = scripted([busy], [busy], scriptText(["Seven years."]));
    const meter = createUsageMeter();
    const resilient = withResilience(model, { clock: noWaiting });
    expect(await read(resilient, { tries: 3, meter: meter.callsOf("generate", model) })).toHaveLength(2);
    expect(meter.used()).toMatchObject([{ modelCalls: 3, inputTokens: 10, outputTokens: 1 }]);
    const once = scripted([busy], scriptText(["Seven years."]));
    await expect(read(withResilience(once, { clock: noWaiting }))).rejects.toBe(busy);
    expect(once.requests).toHaveLength(1);
  });

  it("does not repeat a call after its first event", async () => {
    const model = scripted([{ type: "text-delta", text: "Seven" }, busy], scriptText(["Seven years."]));
    await expect(read(withResilience(model, { clock: noWaiting }), { tries: 3 })).rejects.toBe(busy);
    expect(model.requests).toHaveLength(1);
  });

  it("makes no call that the meter refuses", async () => {
    const model = scripted(scriptText(["Seven years."]));
    const meter = async () => Promise.reject(busy);
    await expect(read(withResilience(model, { clock: noWaiting }), { meter })).rejects.toBe(busy);
    expect(model.requests).toHaveLength(0);
  });

  it("gives up a silent model and stops it", async () => {
    const model = scripted([{ type: "text-delta", text: "Seven" }, "stall"]);
    const clock = createFakeClock();
    let failure: unknown;
    void read(withResilience(model, { clock, timeouts: { betweenTokensMs: 7_000 } })).catch((error: unknown) => (failure = error));
    await until(() => (clock.advance(7_000), failure !== undefined));
    expect(failure).toMatchObject({ code: "timeout", retryable: false });
    await until(() => model.stopped.count === 1);
  });

  it("counts a completion once, whoever would count inside, and repeats it", async () => {
    const model = createScriptedModel({ scripts: [], completions: [busy, { text: "yes" }] });
    const meter = createUsageMeter();
    const reply = await withResilience(model, { clock: noWaiting }).complete?.({
      system: "Judge.",
      prompt: "Is it?",
      maxTokens: 40,
      meter: meter.callsOf("judge", model),
    });
    expect(reply?.text).toBe("yes");
    expect(meter.used()).toMatchObject([{ modelCalls: 2, inputTokens: 10, outputTokens: 5 }]);
  });

  it("completes only where the model does", () => {
    expect(withResilience(scripted([]), { clock: noWaiting }).complete).toBeUndefined();
  });
});
