/* oxlint-disable vitest/expect-expect, vitest/no-conditional-tests, vitest/valid-title, vitest/no-disabled-tests -- a contract makes its tests from a table */
import { describe, expect, it } from "vitest";
import type { Embedder } from "../ports/embedder.ts";

/**
 * What every embedder must do. `create` makes a fresh one for each test; `unsupported` names tests that an adapter
 * cannot pass, with the reason.
 */
export function embedderContract(
  name: string,
  options: { create: () => Promise<Embedder> | Embedder; unsupported?: Record<string, string> },
) {
  const { create, unsupported = {} } = options;
  const test = (title: string, body: (embedder: Embedder) => Promise<void>) => {
    const reason = unsupported[title];
    const run = async () => {
      const embedder = await create();
      try {
        await body(embedder);
      } finally {
        await embedder.close();
      }
    };
    if (reason === undefined) it(title, run);
    else it.skip(`${title} (${reason})`, run);
  };
  const texts = ["Staff get 25 days of leave.", "Invoices are paid within 30 days.", "", "休暇は25日です。", "x".repeat(5000), "🏖️ \u0301"];

  describe(`${name}: embedder contract`, () => {
    test("names its space", async ({ space, capabilities }) => {
      expect(space.id).toMatch(/^[a-z0-9_]+$/u);
      expect(space.dimensions).toBeGreaterThan(0);
      expect(space.description).not.toBe("");
      expect(capabilities.maxTokens).toBeGreaterThan(0);
      expect(capabilities.batchSize).toBeGreaterThan(0);
    });

    test("gives one unit vector per text, in order", async (embedder) => {
      const all = await embedder.embed({ texts, purpose: "passage" });
      expect(all).toHaveLength(texts.length);
      for (const { vector, tokenCount } of all) {
        expect(vector).toBeInstanceOf(Float32Array);
        expect(vector).toHaveLength(embedder.space.dimensions);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 2);
        expect(tokenCount).toBeGreaterThanOrEqual(0);
        expect(tokenCount).toBeLessThanOrEqual(embedder.capabilities.maxTokens);
      }
      const reversed = await embedder.embed({ texts: texts.toReversed(), purpose: "passage" });
      for (const [at, { vector }] of reversed.toReversed().entries()) expect(cosine(vector, all[at]?.vector)).toBeGreaterThan(0.99);
    });

    test("gives no vector for no text", async (embedder) => {
      expect(await embedder.embed({ texts: [], purpose: "passage" })).toEqual([]);
    });

    test("tells texts apart", async (embedder) => {
      const [left, right] = await embedder.embed({ texts: texts.slice(0, 2), purpose: "passage" });
      expect(cosine(left?.vector ?? new Float32Array(), right?.vector)).toBeLessThan(0.99);
    });

    test("gives the same bytes in whatever company when it says so", async (embedder) => {
      const [alone] = await embedder.embed({ texts: texts.slice(0, 1), purpose: "passage" });
      const [among] = await embedder.embed({ texts, purpose: "passage" });
      if (embedder.capabilities.deterministic) expect(among?.vector).toEqual(alone?.vector);
      else expect(cosine(among?.vector ?? new Float32Array(), alone?.vector)).toBeGreaterThan(0.99);
    });

    test("returns token vectors when asked and able", async (embedder) => {
      const [plain] = await embedder.embed({ texts: texts.slice(0, 1), purpose: "passage" });
      expect(plain).not.toHaveProperty("tokenVectors");
      const [rich] = await embedder.embed({ texts: texts.slice(0, 1), purpose: "passage", tokenVectors: true });
      expect(rich?.tokenVectors instanceof Uint8Array).toBe(embedder.capabilities.tokenVectors);
      expect(cosine(rich?.vector ?? new Float32Array(), plain?.vector)).toBeGreaterThan(0.99);
    });

    test("stops when the signal has fired or fires", async (embedder) => {
      const cancelled = expect.objectContaining({ code: "cancelled" });
      await expect(embedder.embed({ texts, purpose: "passage", signal: AbortSignal.abort() })).rejects.toEqual(cancelled);
      const controller = new AbortController();
      const many = Array.from({ length: 400 }, (_, at) => `${at} ${texts[0]}`);
      const started = embedder.embed({ texts: many, purpose: "passage", signal: controller.signal });
      controller.abort();
      // An embedder that answers at once may be done already.
      const outcome = await started.then(
        () => "done",
        (error: unknown) => error,
      );
      expect([expect.objectContaining({ code: "cancelled" }), "done"]).toContainEqual(outcome);
      await expect(embedder.embed({ texts: texts.slice(0, 1), purpose: "query" })).resolves.toHaveLength(1);
    });

    test("counts tokens additively over pieces cut at white space", async (embedder) => {
      const [left = "", right = ""] = texts;
      expect(embedder.countTokens("")).toBe(0);
      expect(embedder.countTokens(left)).toBeGreaterThan(0);
      expect(embedder.countTokens(`${left} ${right}`)).toBe(embedder.countTokens(left) + embedder.countTokens(right));
    });
  });
}

function cosine(left: Float32Array, right: Float32Array | undefined): number {
  return left.reduce((sum, value, at) => sum + value * (right?.[at] ?? 0), 0);
}
