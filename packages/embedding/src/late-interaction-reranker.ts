import { FootnoteError, isFootnoteError, throwIfAborted } from "@footnote/core";
import type { Reranker, TokenVectorStore } from "@footnote/core";
import type { LocalEmbedder, QueryTokens } from "./local-embedder.ts";
import { openTokenVectors } from "./token-vectors.ts";
import type { TokenVectors } from "./token-vectors.ts";

/**
 * Late interaction (Khattab and Zaharia 2020, ColBERT): a candidate's score is the mean over the query's tokens of the
 * greatest cosine with any of the candidate's token vectors, −1…1. The candidates' vectors were stored at ingest; the
 * query's are computed here and are not compressed. A candidate without stored vectors has no score. Readings: `least`, the
 * query token that fits worst, and `weighted`, the mean with rare tokens counting more.
 */
export function createLateInteractionReranker(options: {
  embedder: Pick<LocalEmbedder, "space" | "capabilities" | "embedQueryTokens">;
  tokenVectors: TokenVectorStore;
  /** Default 200. */
  maxCandidates?: number;
}): Reranker {
  const { embedder, tokenVectors, maxCandidates = 200 } = options;
  if (!embedder.capabilities.tokenVectors) {
    throw new FootnoteError(
      "configuration_invalid",
      `The embedder of ${embedder.space.id} gives no token vectors; choose another reranker.`,
    );
  }
  return {
    name: "late-interaction",
    capabilities: { maxCandidates, needsTokenVectors: true },
    async rerank({ tenantId, query, candidates, signal }) {
      throwIfAborted(signal);
      if (candidates.length === 0) return { scores: [] };
      const considered = candidates.slice(0, maxCandidates);
      const [tokens, stored] = await Promise.all([
        embedder.embedQueryTokens({ query, signal }),
        tokenVectors.read({
          tenantId,
          space: embedder.space.id,
          chunkIds: considered.map(({ chunk }) => chunk.id),
          ...(signal === undefined ? {} : { signal }),
        }),
      ]).catch((error: unknown) => {
        if (isFootnoteError(error)) throw error;
        throw new FootnoteError("rerank_failed", "The late-interaction reranker could not read what it needs; try again.", {
          cause: error,
        });
      });
      throwIfAborted(signal);
      const read = candidates.map(({ chunk }, at) => {
        const bytes = at < maxCandidates ? stored.get(chunk.id) : undefined;
        return bytes === undefined ? null : bestMatches(tokens, openTokenVectors(bytes));
      });
      const reading = (value: (best: Float64Array) => number) => read.map((best) => (best === null ? null : value(best)));
      const { weights } = tokens;
      return {
        scores: reading(mean),
        readings: {
          least: reading((best) => Math.min(...best)),
          weighted: reading((best) => (weights ? weightedMean(best, weights) : mean(best))),
        },
      };
    },
  };
}

/** Mean over query rows of the greatest dot product with a document row; null when either side has no tokens. */
export function maxSim(query: QueryTokens, document: TokenVectors): number | null {
  const best = bestMatches(query, document);
  return best === null ? null : mean(best);
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean with the rarity of each token as its weight; the plain one where all are as common as can be. */
function weightedMean(values: Float64Array, weights: Float32Array): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return total > 0 ? values.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), 0) / total : mean(values);
}

/** For each query row the greatest dot product with a document row; null when either side has no tokens. */
function bestMatches(query: QueryTokens, document: TokenVectors): Float64Array | null {
  if (query.count === 0 || document.count === 0) return null;
  const { dimensions, values } = query;
  if (dimensions !== document.dimensions) {
    throw new FootnoteError("embedding_invalid", "The stored token vectors have other dimensions; embed the document again.", {
      details: { expected: dimensions, got: document.dimensions },
    });
  }
  const best = new Float64Array(query.count).fill(Number.NEGATIVE_INFINITY);
  const row = new Float32Array(dimensions);
  for (let at = 0; at < document.count; at++) {
    // Widened once, used by every query token.
    row.set(document.values.subarray(at * dimensions, (at + 1) * dimensions));
    const scale = document.scales[at] ?? 0;
    for (let token = 0, from = 0; token < query.count; token++, from += dimensions) {
      const similarity = dot(values, from, row) * scale;
      if (similarity > (best[token] ?? 0)) best[token] = similarity;
    }
  }
  return best;
}

/** `row` against as many numbers from `from` on. Four sums, because one would wait for itself; the length is a multiple of 4. */
function dot(values: Float32Array, from: number, row: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < row.length; i += 4) {
    a += (values[from + i] ?? 0) * (row[i] ?? 0);
    b += (values[from + i + 1] ?? 0) * (row[i + 1] ?? 0);
    c += (values[from + i + 2] ?? 0) * (row[i + 2] ?? 0);
    d += (values[from + i + 3] ?? 0) * (row[i + 3] ?? 0);
  }
  return a + b + c + d;
}
