/* oxlint-disable vitest/expect-expect, vitest/no-conditional-tests, vitest/valid-title, vitest/no-disabled-tests -- a contract makes its tests from a table */
import { describe, expect, it } from "vitest";
import { newId } from "../ids.ts";
import type { TenantId } from "../ids.ts";
import type { Reranker } from "../ports/reranker.ts";
import type { Hit } from "../search.ts";

/**
 * What every reranker must do. `create` makes one that can score the given candidates (a late-interaction reranker needs
 * their token vectors first).
 */
export function rerankerContract(
  name: string,
  options: {
    create: (request: { tenantId: TenantId; candidates: readonly Hit[] }) => Promise<{ reranker: Reranker; close: () => Promise<void> }>;
  },
) {
  const texts = [
    "Staff get 25 days of leave a year.",
    "Invoices are paid within 30 days.",
    "The cafeteria opens at noon.",
    "x ".repeat(3000),
  ];
  const test = (title: string, body: (context: { reranker: Reranker; tenantId: TenantId; candidates: Hit[] }) => Promise<void>) => {
    it(title, async () => {
      const tenantId = newId("tenant");
      const candidates = texts.map(hitOf);
      const { reranker, close } = await options.create({ tenantId, candidates });
      try {
        await body({ reranker, tenantId, candidates });
      } finally {
        await close();
      }
    });
  };
  const query = "How many days of leave do staff get?";

  describe(`${name}: reranker contract`, () => {
    test("says what it is", async ({ reranker }) => {
      expect(reranker.name).not.toBe("");
      expect(reranker.capabilities.maxCandidates).toBeGreaterThan(0);
    });

    test("scores every candidate in their order, alike in any order", async ({ reranker, tenantId, candidates }) => {
      const { scores } = await reranker.rerank({ tenantId, query, candidates });
      expect(scores).toHaveLength(candidates.length);
      for (const score of scores) expect(Number.isFinite(score)).toBe(true);
      const reversed = await reranker.rerank({ tenantId, query, candidates: candidates.toReversed() });
      for (const [at, score] of reversed.scores.toReversed().entries()) expect(score).toBeCloseTo(scores[at] ?? Number.NaN, 4);
    });

    test("gives nothing for no candidates", async ({ reranker, tenantId }) => {
      expect(await reranker.rerank({ tenantId, query, candidates: [] })).toEqual({ scores: [] });
    });

    test("stops when the signal has fired", async ({ reranker, tenantId, candidates }) => {
      await expect(reranker.rerank({ tenantId, query, candidates, signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: "cancelled",
      });
      const { scores } = await reranker.rerank({ tenantId, query, candidates });
      expect(scores).toHaveLength(candidates.length);
    });
  });
}

/** A hit on a chunk of a document of its own. */
export function hitOf(text: string): Hit {
  return {
    chunk: {
      id: newId("chunk"),
      versionId: newId("version"),
      documentId: newId("document"),
      ordinal: 0,
      start: 0,
      end: text.length,
      text,
      headingPath: [],
      tokenCount: 0,
      title: null,
      mediaType: "text/plain",
    },
    score: 0,
    ranks: {},
    scores: {},
  };
}
