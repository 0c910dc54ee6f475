import {
  type ChunkId,
  type ChunkReader,
  type Clock,
  type CollectionId,
  type Degradation,
  type Embedder,
  FootnoteError,
  type Hit,
  type LexicalAnalyzer,
  type LexicalIndex,
  type MetadataFilter,
  type PipelineSpec,
  type Reranker,
  type RerankerSpec,
  type ScoredChunk,
  type SearchResult,
  type SearchTrace,
  type Stage,
  type Telemetry,
  type TenantId,
  type Timings,
  throwIfAborted,
  toFootnoteError,
  type VectorIndex,
} from "@footnote/core";
import { createAnalyzer } from "./analysis/analyzer.ts";
import { createSystemClock, withDeadline } from "./deadline.ts";
import { convexFusion } from "./fusion/convex.ts";
import { mixScores, standardized } from "./fusion/mix.ts";
import { byScoreThenId } from "./fusion/ranked-by.ts";
import { reciprocalRankFusion } from "./fusion/rrf.ts";
import { normalizeQuery } from "./normalize-query.ts";

export interface RetrieverOptions {
  embedder: Embedder;
  lexical: LexicalIndex;
  dense: VectorIndex;
  chunks: ChunkReader;
  /** Default: one per language of the specs, made when first needed. */
  analyzer?: LexicalAnalyzer;
  /** Found by `rerankerName(spec.reranker)`; a spec whose reranker is not here serves in fused order and says so. */
  rerankers?: readonly Reranker[];
  telemetry?: Telemetry;
  clock?: Clock;
  /** Milliseconds; a leg or reranker beyond its limit is given up and the search goes on without it. Default 10,000 each. */
  timeouts?: { legMs?: number; rerankMs?: number; readMs?: number };
}

export interface RetrieveRequest {
  tenantId: TenantId;
  collectionId: CollectionId;
  spec: PipelineSpec;
  query: string;
  /** Hits wanted. */
  limit: number;
  filter?: MetadataFilter;
  principals?: readonly string[];
  signal?: AbortSignal;
}

export interface Retriever {
  /**
   * query → dense ∥ lexical → fusion → rerank → hits, best first, ties by chunk id. A blank query has no hits. A leg or reranker
   * that fails is in `degraded`; when no leg that was asked could answer, the first leg's error is thrown.
   * Throws `pipeline_incompatible` when the spec's space is not the embedder's, `cancelled` when the signal fires.
   */
  search(request: RetrieveRequest): Promise<SearchResult>;
}

/** The name under which a spec's reranker is looked up: `late-interaction`, or the cross-encoder's model. */
export function rerankerName(spec: RerankerSpec): string | null {
  if (spec.type === "none") return null;
  return spec.type === "cross-encoder" ? spec.model : spec.type;
}

type LegOutcome = { type: "ok"; results: ScoredChunk[] } | { type: "skipped" } | { type: "failed"; error: FootnoteError };

export function createRetriever(options: RetrieverOptions): Retriever {
  const { embedder, lexical, dense, chunks, rerankers = [], telemetry } = options;
  const clock = options.clock ?? createSystemClock();
  const { legMs = 10_000, rerankMs = 10_000, readMs = 10_000 } = options.timeouts ?? {};
  const analyzers = new Map<string, LexicalAnalyzer>();

  function analyzerFor(spec: PipelineSpec): LexicalAnalyzer {
    const { language, version } = spec.index.analyzer;
    const given = options.analyzer;
    if (given) {
      if (given.language === language && given.version === version) return given;
      throw new FootnoteError(
        "pipeline_incompatible",
        `Pipeline ${spec.name} is indexed in ${language} (version ${version}) and the retriever analyses ${given.language} (version ${given.version}); make one for it.`,
      );
    }
    const key = `${language}@${version}`;
    const analyzer = analyzers.get(key) ?? createAnalyzer({ language, version });
    analyzers.set(key, analyzer);
    return analyzer;
  }

  return {
    async search(request) {
      const { tenantId, collectionId, spec, limit, signal } = request;
      throwIfAborted(signal);
      if (spec.index.space !== embedder.space.id) {
        throw new FootnoteError(
          "pipeline_incompatible",
          `Pipeline ${spec.name} searches space ${spec.index.space} and the embedder makes ${embedder.space.id}; configure one for the other.`,
        );
      }
      const analyzer = analyzerFor(spec);
      const began = clock.now();
      const timings: Timings = {};
      const degraded: Degradation[] = [];
      const query = normalizeQuery(request.query);
      if (query === "" || limit < 1) return { hits: [], timings: { search: clock.now() - began }, degraded };

      const scope = {
        tenantId,
        collectionId,
        ...(request.filter ? { filter: request.filter } : {}),
        ...(request.principals ? { principals: request.principals } : {}),
      };

      async function timed<T>(name: Stage | "read", work: () => Promise<T>): Promise<T> {
        const start = clock.now();
        let outcome: "ok" | "error" | "cancelled" = "error";
        try {
          const result = await work();
          outcome = "ok";
          return result;
        } catch (error) {
          if (signal?.aborted) outcome = "cancelled";
          throw error;
        } finally {
          const elapsed = clock.now() - start;
          timings[name] = elapsed;
          if (name !== "read") telemetry?.stage(name, elapsed, outcome);
        }
      }

      async function leg(what: string, wanted: number, work: (signal: AbortSignal) => Promise<ScoredChunk[] | null>): Promise<LegOutcome> {
        if (wanted === 0) return { type: "skipped" };
        try {
          const results = await withDeadline({ what, timeoutMs: legMs, clock, signal }, work);
          return results ? { type: "ok", results: results.toSorted(byScoreThenId) } : { type: "skipped" };
        } catch (error) {
          throwIfAborted(signal);
          return { type: "failed", error: toFootnoteError(error) };
        }
      }

      // A caller that wants more hits than the spec's candidates gets them: deeper legs do not change the top.
      const denseLimit = spec.candidates.dense === 0 ? 0 : Math.max(spec.candidates.dense, limit);
      const lexicalLimit = spec.candidates.lexical === 0 ? 0 : Math.max(spec.candidates.lexical, limit);
      const [denseLeg, lexicalLeg] = await Promise.all([
        leg("dense search", denseLimit, async (legSignal) => {
          const [embedding] = await timed("embed-query", () => embedder.embed({ texts: [query], purpose: "query", signal: legSignal }));
          if (!embedding) throw new FootnoteError("embedding_failed", "The embedder returned no vector for the query; try again.");
          const found = { ...scope, space: spec.index.space, vector: embedding.vector, limit: denseLimit, signal: legSignal };
          return await timed("dense", () => dense.search(found));
        }),
        leg("lexical search", lexicalLimit, async (legSignal) => {
          const analyzed = await timed("analyze", async () => analyzer.analyze(query));
          // Nothing but stop words: there is nothing to look for, which is no failure.
          if (analyzed.termIds.length === 0) return null;
          return await timed("lexical", () => lexical.search({ ...scope, query: analyzed, limit: lexicalLimit, signal: legSignal }));
        }),
      ]);
      throwIfAborted(signal);
      if (denseLeg.type !== "ok" && lexicalLeg.type !== "ok") {
        if (denseLeg.type === "failed") throw denseLeg.error;
        if (lexicalLeg.type === "failed") throw lexicalLeg.error;
        return { hits: [], timings: { ...timings, search: clock.now() - began }, degraded };
      }
      if (denseLeg.type === "failed") degraded.push(degradation("dense", denseLeg.error, "lexical results only"));
      if (lexicalLeg.type === "failed") degraded.push(degradation("lexical", lexicalLeg.error, "dense results only"));

      const denseResults = denseLeg.type === "ok" ? denseLeg.results : [];
      const lexicalResults = lexicalLeg.type === "ok" ? lexicalLeg.results : [];
      const fused = await timed("fuse", async () =>
        spec.fusion.type === "rrf"
          ? reciprocalRankFusion([denseResults, lexicalResults], { k: spec.fusion.k })
          : convexFusion({
              dense: { results: denseResults, limit: denseLimit },
              lexical: { results: lexicalResults, limit: lexicalLimit },
              lexicalWeight: spec.fusion.lexicalWeight,
            }),
      );

      const trace: SearchTrace = {
        query,
        terms: analyzer.terms(query).map(({ term }) => term),
        legs: [
          ...(denseLeg.type === "ok" ? [{ leg: "dense" as const, results: denseResults }] : []),
          ...(lexicalLeg.type === "ok" ? [{ leg: "lexical" as const, results: lexicalResults }] : []),
        ],
        fused,
      };

      const wanted = spec.reranker.type === "none" ? limit : Math.max(limit, spec.reranker.candidates);
      let hits = await timed("read", () =>
        withDeadline({ what: "reading of the results", timeoutMs: readMs, clock, signal }, (readSignal) =>
          readHits({ tenantId, fused, wanted, dense: denseResults, lexical: lexicalResults, chunks, signal: readSignal }),
        ),
      );
      if (spec.reranker.type !== "none" && hits.length > 0) {
        const rerankerSpec = spec.reranker;
        try {
          hits = await timed("rerank", () =>
            withDeadline({ what: "reranking", timeoutMs: rerankMs, clock, signal }, (rerankSignal) =>
              rerankHits({ tenantId, query, hits, spec: rerankerSpec, rerankers, signal: rerankSignal }),
            ),
          );
          trace.reranked = {
            reranker: rerankerName(rerankerSpec) ?? "",
            scores: hits.flatMap((hit) =>
              hit.ranks.rerank === undefined ? [] : [{ chunkId: hit.chunk.id, score: hit.scores.rerank ?? null }],
            ),
            order: hits.map((hit) => ({ chunkId: hit.chunk.id, score: hit.score })),
          };
        } catch (error) {
          throwIfAborted(signal);
          degraded.push(degradation("rerank", toFootnoteError(error), "fused order"));
        }
      }
      const elapsed = clock.now() - began;
      telemetry?.stage("search", elapsed, "ok");
      return { hits: hits.slice(0, limit), timings: { ...timings, search: elapsed }, degraded, trace };
    },
  };
}

/** The reason is our own sentence where the error is ours; an unknown error's text could hold anything. */
function degradation(step: Degradation["step"], error: FootnoteError, fallback: string): Degradation {
  return { step, reason: `${error.code}: ${error.message}`, fallback };
}

/** Reads content in fused order until `wanted` chunks were seen: one that vanished or may not be seen makes room for the next. */
async function readHits(options: {
  tenantId: TenantId;
  fused: readonly ScoredChunk[];
  wanted: number;
  dense: readonly ScoredChunk[];
  lexical: readonly ScoredChunk[];
  chunks: ChunkReader;
  signal: AbortSignal;
}): Promise<Hit[]> {
  const { tenantId, fused, wanted, chunks, signal } = options;
  const denseRanks = byChunk(options.dense);
  const lexicalRanks = byChunk(options.lexical);
  const hits: Hit[] = [];
  for (let from = 0; from < fused.length && hits.length < wanted;) {
    const batch = fused.slice(from, from + wanted - hits.length);
    from += batch.length;
    const read = await chunks.read({ tenantId, chunkIds: batch.map(({ chunkId }) => chunkId), signal });
    for (const { chunkId, score } of batch) {
      const chunk = read.get(chunkId);
      if (!chunk) continue;
      const inDense = denseRanks.get(chunkId);
      const inLexical = lexicalRanks.get(chunkId);
      hits.push({
        chunk,
        score,
        ranks: { ...(inDense ? { dense: inDense.rank } : {}), ...(inLexical ? { lexical: inLexical.rank } : {}) },
        scores: { ...(inDense ? { dense: inDense.score } : {}), ...(inLexical ? { lexical: inLexical.score } : {}), fusion: score },
      });
    }
  }
  return hits;
}

function byChunk(results: readonly ScoredChunk[]): Map<ChunkId, { rank: number; score: number }> {
  return new Map(results.map(({ chunkId, score }, index) => [chunkId, { rank: index + 1, score }]));
}

/** Reorders the best `spec.candidates` hits; the others follow in fused order and score no more than the last of them. */
async function rerankHits(options: {
  tenantId: TenantId;
  query: string;
  hits: readonly Hit[];
  spec: Exclude<RerankerSpec, { type: "none" }>;
  rerankers: readonly Reranker[];
  signal: AbortSignal;
}): Promise<Hit[]> {
  const { tenantId, query, spec, signal } = options;
  const name = rerankerName(spec);
  const reranker = options.rerankers.find((candidate) => candidate.name === name);
  if (!reranker)
    throw new FootnoteError("configuration_invalid", `No reranker named ${name} is configured; set it up or choose another pipeline.`);
  const count = Math.min(spec.candidates, reranker.capabilities.maxCandidates);
  const candidates = options.hits.slice(0, count);
  const { scores } = await reranker.rerank({ tenantId, query, candidates, signal });
  if (scores.length !== candidates.length || scores.some((score) => score !== null && !Number.isFinite(score))) {
    throw new FootnoteError("rerank_failed", `Reranker ${reranker.name} did not return one finite score per candidate; try again.`);
  }
  if (scores.every((score) => score === null)) {
    throw new FootnoteError("rerank_failed", `Reranker ${reranker.name} has no score for any candidate; index the collection again.`);
  }
  const mixed = mixScores({ fused: candidates.map((hit) => hit.score), reranked: scores, weight: spec.weight });
  const reranked = candidates
    .map((hit, index) => ({ hit, score: mixed.scores[index] ?? 0, own: scores[index] ?? null }))
    .sort((a, b) => byScoreThenId({ chunkId: a.hit.chunk.id, score: a.score }, { chunkId: b.hit.chunk.id, score: b.score }));
  const lowest = reranked.at(-1)?.score ?? 0;
  return [
    ...reranked.map(({ hit, score, own }, index) => ({
      ...hit,
      score,
      ranks: { ...hit.ranks, rerank: index + 1 },
      scores: own === null ? hit.scores : { ...hit.scores, rerank: own },
    })),
    ...options.hits.slice(count).map((hit) => ({ ...hit, score: Math.min(lowest, standardized(hit.score, mixed)) })),
  ];
}
