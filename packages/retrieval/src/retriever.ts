import {
  type ChunkId,
  type ChunkReader,
  type Clock,
  type CollectionId,
  type Correction,
  createUsageMeter,
  type Degradation,
  type Embedder,
  FootnoteError,
  type Hit,
  indexedSpaces,
  type LanguageModel,
  type LexicalAnalyzer,
  type LexicalIndex,
  type MetadataFilter,
  type PipelineSpec,
  type Reranker,
  type RerankerSpec,
  type ScoredChunk,
  searchedSpace,
  type SearchResult,
  type SearchTrace,
  type Stage,
  type Telemetry,
  type TenantId,
  type Timings,
  throwIfAborted,
  toFootnoteError,
  type UsageMeter,
  type VectorIndex,
  type VectorReader,
} from "@footnote/core";
import { createAnalyzers } from "./analysis/analyzer.ts";
import { createSystemClock, withDeadline } from "./deadline.ts";
import { boundOf, convexFusion } from "./fusion/convex.ts";
import { learnedWeights } from "./fusion/learned-weights.ts";
import { mixScores, standardized } from "./fusion/mix.ts";
import { byScoreThenId } from "./fusion/ranked-by.ts";
import { reciprocalRankFusion } from "./fusion/rrf.ts";
import { maximalMarginalRelevance } from "./mmr.ts";
import { correctSpelling } from "./correct-spelling.ts";
import { normalizeQuery } from "./normalize-query.ts";
import { rerankLearned } from "./rerank-learned.ts";
import { routedSpec, routedSteps } from "./route-query.ts";
import { transformQuery } from "./transform-query.ts";

export interface RetrieverOptions {
  embedder: Embedder;
  lexical: LexicalIndex;
  dense: VectorIndex;
  chunks: ChunkReader;
  /** Default: one per language of the specs, made when first needed. */
  analyzer?: LexicalAnalyzer;
  /** Found by `rerankerName(spec.reranker)`; a spec whose reranker is not here serves in fused order and says so. */
  rerankers?: readonly Reranker[];
  /** Where stored vectors are read for diversity; without it a spec that asks for diversity is served without and says so. */
  vectors?: VectorReader;
  /** The model that a query transform names, for the tenant that asks; without it the question is searched as it is, and the result says so. */
  modelNamed?(tenantId: TenantId, name: string): LanguageModel | undefined;
  /** Whether a lower-case word is one of general language. Default: nobody knows, and no spelling is corrected. */
  isWord?(word: string): boolean;
  telemetry?: Telemetry;
  clock?: Clock;
  /** Milliseconds; a leg or reranker beyond its limit is given up and the search goes on without it. Default 10,000 each. */
  timeouts?: { legMs?: number; rerankMs?: number; readMs?: number; transformMs?: number };
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
  /** Where what is used is counted. Default: nobody counts. */
  meter?: UsageMeter;
  signal?: AbortSignal;
}

export interface Retriever {
  /**
   * query → route → spelling → transform → dense ∥ lexical → fusion → rerank → diversity → hits, best first, ties by chunk id. A blank query has no hits. A step
   * that fails is in `degraded`; when no leg that was asked could answer, the first leg's error is thrown.
   * Throws `pipeline_incompatible` when the spec's space is not the embedder's or none of its index's, `cancelled` when the signal fires.
   */
  search(request: RetrieveRequest): Promise<SearchResult>;
}

/** The name under which a spec's reranker is looked up: `late-interaction`, the cross-encoder's model, or the name of learned weights. */
export function rerankerName(spec: RerankerSpec): string | null {
  if (spec.type === "none") return null;
  if (spec.type === "learned-linear") return spec.weights;
  return spec.type === "cross-encoder" ? spec.model : spec.type;
}

/** The constant of the fusion between the queries of one question, as Cormack et al. chose it. */
const betweenQueriesK = 60;

type LegOutcome = { type: "ok"; lists: ScoredChunk[][] } | { type: "skipped" } | { type: "failed"; error: FootnoteError };

export function createRetriever(options: RetrieverOptions): Retriever {
  const { embedder, lexical, dense, chunks, rerankers = [], telemetry } = options;
  const clock = options.clock ?? createSystemClock();
  const { legMs = 10_000, rerankMs = 10_000, readMs = 10_000, transformMs = 15_000 } = options.timeouts ?? {};
  const servedAnalyzer = createAnalyzers();

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
    return servedAnalyzer(language, version);
  }

  return {
    async search(request) {
      const { tenantId, collectionId, limit, meter = createUsageMeter(), signal } = request;
      throwIfAborted(signal);
      let query = normalizeQuery(request.query);
      const spec = routedSpec(request.spec, query);
      const space = searchedSpace(spec);
      if (space !== embedder.space.id) {
        throw new FootnoteError(
          "pipeline_incompatible",
          `Pipeline ${spec.name} searches space ${space} and the embedder makes ${embedder.space.id}; configure one for the other.`,
        );
      }
      if (!indexedSpaces(spec).includes(space)) {
        throw new FootnoteError(
          "pipeline_incompatible",
          `Pipeline ${spec.name} searches space ${space}, which its index does not hold; add the space to furtherSpaces.`,
        );
      }
      const analyzer = analyzerFor(spec);
      const began = clock.now();
      const timings: Timings = {};
      const degraded: Degradation[] = [];
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

      async function leg(
        what: string,
        wanted: number,
        work: (signal: AbortSignal) => Promise<ScoredChunk[][] | null>,
      ): Promise<LegOutcome> {
        if (wanted === 0) return { type: "skipped" };
        try {
          const lists = await withDeadline({ what, timeoutMs: legMs, clock, signal }, work);
          return lists ? { type: "ok", lists: lists.map((results) => results.toSorted(byScoreThenId)) } : { type: "skipped" };
        } catch (error) {
          throwIfAborted(signal);
          return { type: "failed", error: toFootnoteError(error) };
        }
      }

      let corrections: Correction[] = [];
      const { isWord } = options;
      if (spec.spelling === "corrected" && isWord && spec.candidates.lexical > 0) {
        const asked = query;
        try {
          ({ query, corrections } = await timed("spelling", () =>
            withDeadline({ what: "correction of the spelling", timeoutMs: legMs, clock, signal }, (spellingSignal) =>
              correctSpelling({ query: asked, scope, analyzer, lexical, chunks, isWord, signal: spellingSignal }),
            ),
          ));
        } catch (error) {
          throwIfAborted(signal);
          degraded.push(degradation("spelling", toFootnoteError(error), "the question as it was asked"));
        }
      }

      let queries = [query];
      let passages: string[] = [];
      if (spec.transform.type !== "none") {
        const transform = spec.transform;
        try {
          const model = options.modelNamed?.(tenantId, transform.model);
          if (!model) {
            throw new FootnoteError(
              "configuration_invalid",
              `No model named ${transform.model} is configured; set it up or choose another pipeline.`,
            );
          }
          const made = await timed("transform", () =>
            withDeadline({ what: "query transform", timeoutMs: transformMs, clock, signal }, (transformSignal) =>
              transformQuery({ query, spec: transform, model, meter: meter.callsOf("transform", model), signal: transformSignal }),
            ),
          );
          ({ queries, passages } = made);
        } catch (error) {
          throwIfAborted(signal);
          degraded.push(degradation("transform", toFootnoteError(error), "the question as it was asked"));
        }
      }

      // A caller that wants more hits than the spec's candidates gets them: deeper legs do not change the top.
      const denseLimit = spec.candidates.dense === 0 ? 0 : Math.max(spec.candidates.dense, limit);
      const lexicalLimit = spec.candidates.lexical === 0 ? 0 : Math.max(spec.candidates.lexical, limit);

      /** The vectors of all queries, in one call; the first is averaged with those of made-up passages. */
      async function embedQueries(legSignal: AbortSignal): Promise<Float32Array[]> {
        const [asked, made] = await timed("embed-query", () =>
          Promise.all([
            embedder.embed({ texts: queries, purpose: "query", signal: legSignal }),
            passages.length === 0 ? [] : embedder.embed({ texts: passages, purpose: "passage", signal: legSignal }),
          ]),
        );
        const tokens = [...asked, ...made].reduce((sum, { tokenCount }) => sum + tokenCount, 0);
        meter.read("embed", space, tokens);
        if (asked.length !== queries.length) {
          throw new FootnoteError("embedding_failed", "The embedder returned no vector for the query; try again.");
        }
        return asked.map(({ vector }, at) => (at === 0 && made.length > 0 ? meanOf([vector, ...made.map((each) => each.vector)]) : vector));
      }

      /** Each query's results of a leg; the leg is one: it is given up, and fails, as a whole. */
      async function denseLists(legSignal: AbortSignal): Promise<ScoredChunk[][]> {
        const vectors = await embedQueries(legSignal);
        return await timed("dense", () =>
          Promise.all(vectors.map((vector) => dense.search({ ...scope, space, vector, limit: denseLimit, signal: legSignal }))),
        );
      }

      const [denseLeg, lexicalLeg] = await Promise.all([
        leg("dense search", denseLimit, denseLists),
        leg("lexical search", lexicalLimit, async (legSignal) => {
          const analyzed = await timed("analyze", async () => queries.map((each) => analyzer.analyze(each)));
          // Nothing but stop words: there is nothing to look for, which is no failure.
          if (analyzed.every(({ termIds }) => termIds.length === 0)) return null;
          return await timed("lexical", () =>
            Promise.all(
              analyzed.map(async (terms) =>
                terms.termIds.length === 0 ? [] : await lexical.search({ ...scope, query: terms, limit: lexicalLimit, signal: legSignal }),
              ),
            ),
          );
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

      const denseResults = denseLeg.type === "ok" ? denseLeg.lists : [];
      const lexicalResults = lexicalLeg.type === "ok" ? lexicalLeg.lists : [];
      const fuse = (at: number) => {
        const fromDense = denseResults[at] ?? [];
        const fromLexical = lexicalResults[at] ?? [];
        return spec.fusion.type === "rrf"
          ? reciprocalRankFusion([fromDense, fromLexical], {
              k: spec.fusion.k,
              weights: [spec.fusion.weights.dense, spec.fusion.weights.lexical],
            })
          : convexFusion({
              dense: { results: fromDense, limit: denseLimit },
              lexical: { results: fromLexical, limit: lexicalLimit },
              lexicalWeight: spec.fusion.lexicalWeight,
            });
      };
      const fused = await timed("fuse", async () => {
        const lists = queries.map((_, at) => fuse(at));
        return lists.length === 1 ? (lists[0] ?? []) : reciprocalRankFusion(lists, { k: betweenQueriesK });
      });

      const listsOf = (name: "dense" | "lexical", outcome: LegOutcome): SearchTrace["legs"] =>
        outcome.type === "ok"
          ? outcome.lists.map((results, at) => ({ leg: name, ...(at === 0 ? {} : { query: queries[at] ?? "" }), results }))
          : [];
      const routed = routedSteps(request.spec, spec);
      const trace: SearchTrace = {
        query,
        ...(corrections.length > 0 ? { corrections } : {}),
        ...(routed.length > 0 ? { routed } : {}),
        terms: analyzer.terms(query).map(({ term }) => term),
        ...(passages.length > 0 ? { passages } : {}),
        legs: [...listsOf("dense", denseLeg), ...listsOf("lexical", lexicalLeg)],
        fused,
      };

      const wanted = Math.max(
        limit,
        spec.reranker.type === "none" ? 0 : spec.reranker.candidates,
        spec.diversity.type === "none" ? 0 : spec.diversity.candidates,
      );
      let hits = await timed("read", () =>
        withDeadline({ what: "reading of the results", timeoutMs: readMs, clock, signal }, (readSignal) =>
          readHits({
            tenantId,
            fused,
            wanted,
            dense: denseResults[0] ?? [],
            lexical: lexicalResults[0] ?? [],
            chunks,
            signal: readSignal,
          }),
        ),
      );
      if (spec.reranker.type !== "none" && hits.length > 0) {
        const rerankerSpec = spec.reranker;
        const readings: NonNullable<SearchTrace["readings"]> = [];
        const noted = rerankers.map((reranker) => notingReranker(reranker, readings));
        try {
          const reranked = await timed("rerank", () =>
            withDeadline({ what: "reranking", timeoutMs: rerankMs, clock, signal }, async (rerankSignal) => {
              if (rerankerSpec.type !== "learned-linear") {
                return {
                  hits: await rerankHits({ tenantId, query, hits, spec: rerankerSpec, rerankers: noted, signal: rerankSignal }),
                  failed: [],
                };
              }
              const weights = learnedWeights(rerankerSpec.weights);
              if (!weights) {
                throw new FootnoteError(
                  "configuration_invalid",
                  `There are no fusion weights named ${rerankerSpec.weights}; choose another pipeline.`,
                );
              }
              const missing = {
                dense: boundOf({ results: denseResults[0] ?? [], limit: denseLimit }),
                lexical: boundOf({ results: lexicalResults[0] ?? [], limit: lexicalLimit }),
              };
              const count = rerankerSpec.candidates;
              return await rerankLearned({
                tenantId,
                query,
                hits,
                count,
                weights,
                analyzer,
                missing,
                rerankers: noted,
                signal: rerankSignal,
              });
            }),
          );
          hits = reranked.hits;
          const ranked = hits.filter((hit) => hit.ranks.rerank !== undefined);
          const tokens = ranked.reduce((sum, { chunk }) => sum + chunk.tokenCount, 0);
          if (ranked.length > 0) meter.read("rerank", rerankerName(rerankerSpec) ?? "", tokens);
          for (const error of reranked.failed) degraded.push(degradation("rerank", error, "the other features"));
          trace.readings = readings;
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
      if (spec.diversity.type !== "none" && hits.length > 1) {
        const diversity = spec.diversity;
        try {
          hits = await timed("diversify", () =>
            withDeadline({ what: "reading of the vectors", timeoutMs: readMs, clock, signal }, (vectorSignal) =>
              diversified({ tenantId, space, hits, spec: diversity, vectors: options.vectors, signal: vectorSignal }),
            ),
          );
          trace.diversified = hits.map((hit) => hit.chunk.id);
        } catch (error) {
          throwIfAborted(signal);
          degraded.push(degradation("diversify", toFootnoteError(error), "the most relevant, alike or not"));
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

/** A reranker that notes what it read, for the trace. */
function notingReranker(reranker: Reranker, into: NonNullable<SearchTrace["readings"]>): Reranker {
  return {
    ...reranker,
    async rerank(request) {
      const result = await reranker.rerank(request);
      const chunkIds = request.candidates.map(({ chunk }) => chunk.id);
      into.push({ reranker: reranker.name, chunkIds, scores: result.scores, readings: result.readings ?? {} });
      return result;
    },
  };
}

/** The mean of unit vectors, of length 1. */
function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const sums = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (vector[i] ?? 0);
  const norm = Math.hypot(...sums) || 1;
  return Float32Array.from(sums, (sum) => sum / norm);
}

/** The best `spec.candidates` hits in the order of marginal relevance; the others follow as they were. Scores stay those of relevance. */
async function diversified(options: {
  tenantId: TenantId;
  space: string;
  hits: readonly Hit[];
  spec: Extract<PipelineSpec["diversity"], { type: "mmr" }>;
  vectors: VectorReader | undefined;
  signal: AbortSignal;
}): Promise<Hit[]> {
  const { tenantId, space, hits, spec, vectors, signal } = options;
  if (!vectors)
    throw new FootnoteError("configuration_invalid", "No stored vectors can be read here; choose a pipeline without diversity.");
  const candidates = hits.slice(0, spec.candidates);
  const found = await vectors.read({ tenantId, space, chunkIds: candidates.map(({ chunk }) => chunk.id), signal });
  const order = maximalMarginalRelevance(
    candidates.map(({ chunk, score }) => ({ score, vector: found.get(chunk.id) })),
    { lambda: spec.lambda, count: candidates.length },
  );
  return [...order.flatMap((at) => candidates[at] ?? []), ...hits.slice(spec.candidates)];
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
  spec: Exclude<RerankerSpec, { type: "none" | "learned-linear" }>;
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
