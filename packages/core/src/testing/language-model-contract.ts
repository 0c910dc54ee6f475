/* oxlint-disable vitest/expect-expect, vitest/no-conditional-tests, vitest/valid-title, vitest/no-disabled-tests -- a contract makes its tests from a table */
import { describe, expect, it } from "vitest";
import type { CallMeter, GenerateRequest, LanguageModel, ModelEvent, TokenUsage } from "../ports/language-model.ts";
import { hitOf } from "./reranker-contract.ts";

const texts = ["The boiler is guaranteed for seven years.", "Visitors may park behind the building."];

/**
 * What every language model must do. `create` makes one that answers from the sources of the request, and abstains where there are
 * none. A skip names its test and says why.
 */
export function languageModelContract(
  name: string,
  options: { create: () => Promise<{ model: LanguageModel; close: () => Promise<void> }>; skip?: Readonly<Record<string, string>> },
) {
  const request = (more: Partial<GenerateRequest> = {}): GenerateRequest => ({
    question: "How long is the boiler guaranteed?",
    sources: texts.map((text, index) => ({ marker: index + 1, hit: hitOf(text) })),
    history: [],
    maxSentences: 2,
    minSupport: 0,
    ...more,
  });
  const read = async (events: AsyncIterable<ModelEvent>) => {
    const all: ModelEvent[] = [];
    for await (const event of events) all.push(event);
    return all;
  };
  const test = (title: string, body: (model: LanguageModel) => Promise<void>) => {
    const why = options.skip?.[title];
    it.skipIf(why !== undefined)(why === undefined ? title : `${title} (skipped: ${why})`, async () => {
      const { model, close } = await options.create();
      try {
        await body(model);
      } finally {
        await close();
      }
    });
  };

  describe(`${name}: language model contract`, () => {
    test("says what it is, and completes exactly when it says so", async (model) => {
      expect(model.name).not.toBe("");
      expect(model.complete !== undefined).toBe(model.capabilities.completion ?? false);
    });

    test("answers from the sources, by their markers, and ends with what it used", async (model) => {
      const events = await read(model.generate(request()));
      expect(events.filter(({ type }) => type === "finish")).toHaveLength(1);
      const finish = events.at(-1);
      if (finish?.type !== "finish") throw new Error("The last event is no finish.");
      expect(finish.reason).toBe("stop");
      for (const tokens of [finish.promptTokens, finish.completionTokens, finish.cachedTokens]) expect(tokens).toBeGreaterThanOrEqual(0);
      const said = events.map((event) =>
        event.type === "text-delta" ? event.text : event.type === "quote" ? `${event.text} [${event.marker}] ` : "",
      );
      expect(said.join("")).toContain("seven years");
      for (const [, marker] of said.join("").matchAll(/\[(\d+)\]/gu)) expect(["1", "2"]).toContain(marker);
      expect(events.some(({ type }) => type === "quote")).toBe(model.capabilities.extractive);
    });

    test("says nothing where nothing can be said", async (model) => {
      const events = await read(model.generate(request({ sources: [] })));
      expect(events.at(-1)).toMatchObject({ type: "finish", reason: "unsupported" });
      expect(events.some((event) => event.type === "quote" || (event.type === "text-delta" && event.text.trim() !== ""))).toBe(false);
    });

    test("does not begin when the signal has fired", async (model) => {
      await expect(read(model.generate(request({ signal: AbortSignal.abort() })))).rejects.toMatchObject({ code: "cancelled" });
    });

    test("may be left early and asked again, and again at the same time", async (model) => {
      for await (const event of model.generate(request())) {
        expect(event.type).not.toBe("finish");
        break;
      }
      const answers = await Promise.all([read(model.generate(request())), read(model.generate(request()))]);
      for (const events of answers) expect(events.at(-1)?.type).toBe("finish");
    });

    test("completes a prompt, and not when the signal has fired", async (model) => {
      if (model.complete === undefined) return;
      const prompt = { system: "Answer with one word.", prompt: "Is it so?", maxTokens: 20 };
      const counted: (TokenUsage | undefined)[] = [];
      const meter: CallMeter = async () => {
        const at = counted.push(undefined) - 1;
        return (used) => void (counted[at] = used);
      };
      const { text, finishReason, usage } = await model.complete({ ...prompt, meter });
      expect(counted).toEqual([usage]);
      expect([text, finishReason]).toEqual([expect.any(String), "stop"]);
      expect(usage.promptTokens).toBeGreaterThan(0);
      await expect(model.complete({ ...prompt, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    });
  });
}
