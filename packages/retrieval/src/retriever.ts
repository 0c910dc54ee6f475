import {
  type Clock,
  type CollectionId,
  createSystemClock,
  createUsageMeter,
  type Embedder,
  FootnoteError,
  indexedSpaces,
  type LexicalAnalyzer,
  type MetadataFilter,
  type PipelineSpec,
  searchedSpace,
  type SearchResult,
  type SearchTrace,
  type Telemetry,
  type TenantId,
  throwIfAborted,
  type Timings,
  type UsageMeter,
} from "@footnote/core";
import { createAnalyzers } from "./analysis/analyzer.ts";
import { normalizeQuery } from "./normalize-query.ts";
import { routedSpec, routedSteps } from "./route-query.ts";
import { runSteps, type StepList, type StepTimeouts } from "./run-steps.ts";
import { nothingFound, type RetrieverParts, type SearchContext } from "./search-context.ts";
import { denseLeg } from "./steps/dense-leg.ts";
import { diversify } from "./steps/diversify.ts";
import { fuse } from "./steps/fuse.ts";
import { lexicalLeg } from "./steps/lexical-leg.ts";
import { read } from "./steps/read.ts";
import { rerank } from "./steps/rerank.ts";
import { spelling } from "./steps/spelling.ts";
import { transform } from "./steps/transform.ts";

export interface RetrieverOptions extends RetrieverParts {
  /** Default: one per language of the specs, made when first needed. */
  analyzer?: LexicalAnalyzer;
  telemetry?: Telemetry;
  clock?: Clock;
  /** Milliseconds; a leg or step beyond its limit is given up and the search goes on without it. Default 10,000 each, 15,000 for a transform. */
  timeouts?: Partial<StepTimeouts>;
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
   * Takes the query through the steps below: hits, best first, ties by chunk id. A blank query has no hits. A step that fails is in
   * `degraded`; when no leg that was asked could answer, the first leg's error is thrown.
   * Throws `pipeline_incompatible` when no embedder serves the spec's space or its index does not hold it, `cancelled` when the signal fires.
   */
  search(request: RetrieveRequest): Promise<SearchResult>;
}

/** What happens to a query, in order, after it was normalised and routed. Each step looks in the spec whether it applies. */
const steps: StepList = [spelling, transform, [denseLeg, lexicalLeg], fuse, read, rerank, diversify];

const defaultTimeouts: StepTimeouts = { legMs: 10_000, rerankMs: 10_000, readMs: 10_000, transformMs: 15_000 };

export function createRetriever(options: RetrieverOptions): Retriever {
  const { telemetry, clock = createSystemClock() } = options;
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const ownAnalyzer = createAnalyzers();

  function analyzerFor(spec: PipelineSpec): LexicalAnalyzer {
    const { language, version } = spec.index.analyzer;
    const given = options.analyzer;
    if (!given) return ownAnalyzer(language, version);
    if (given.language === language && given.version === version) return given;
    throw new FootnoteError(
      "pipeline_incompatible",
      `Pipeline ${spec.name} is indexed in ${language} (version ${version}) and the retriever analyses ${given.language} (version ${given.version}); make one for it.`,
    );
  }

  return {
    async search(request) {
      const { tenantId, collectionId, limit, filter, principals, meter = createUsageMeter(), signal } = request;
      throwIfAborted(signal);
      const query = normalizeQuery(request.query);
      const spec = routedSpec(request.spec, query);
      const embedder = embedderOf(spec, options);
      const analyzer = analyzerFor(spec);
      const began = clock.now();
      if (query === "" || limit < 1) return { hits: [], timings: { search: clock.now() - began }, degraded: [] };
      const scope = { tenantId, collectionId, ...(filter ? { filter } : {}), ...(principals ? { principals } : {}) };
      const asked = { parts: options, tenantId, scope, spec, embedder, space: embedder.space.id, analyzer, limit, meter };
      const timings: Timings = {};
      const found = await runSteps(
        steps,
        { ...asked, ...nothingFound, query, queries: [query] },
        { clock, timeouts, telemetry, signal, timings },
      );
      const elapsed = clock.now() - began;
      const result = { hits: found.hits.slice(0, limit), timings: { ...timings, search: elapsed }, degraded: found.degraded };
      // No leg had anything to look for: nothing was searched.
      if (found.dense === null && found.lexical === null) return result;
      telemetry?.stage("search", elapsed, "ok");
      return { ...result, trace: traceOf(found, request.spec) };
    },
  };
}

/** The embedder of the space that the spec searches, where the index has that space. */
function embedderOf(spec: PipelineSpec, { embedderFor }: Pick<RetrieverParts, "embedderFor">): Embedder {
  const space = searchedSpace(spec);
  const embedder = embedderFor(space);
  if (!embedder) {
    throw new FootnoteError("pipeline_incompatible", `No embedder for the space ${space} is configured; choose another pipeline.`);
  }
  if (!indexedSpaces(spec).includes(space)) {
    throw new FootnoteError(
      "pipeline_incompatible",
      `Pipeline ${spec.name} searches space ${space}, which its index does not hold; add the space to furtherSpaces.`,
    );
  }
  return embedder;
}

function traceOf(found: SearchContext, asked: PipelineSpec): SearchTrace {
  const { query, corrections, queries, passages, fused, readings, reranked, diversified } = found;
  const routed = routedSteps(asked, found.spec);
  const listsOf = (leg: "dense" | "lexical") =>
    (found[leg] ?? []).map((results, at) => ({ leg, ...(at === 0 ? {} : { query: queries[at] ?? "" }), results }));
  return {
    query,
    ...(corrections.length > 0 ? { corrections } : {}),
    ...(routed.length > 0 ? { routed } : {}),
    terms: found.analyzer.terms(query).map(({ term }) => term),
    ...(passages.length > 0 ? { passages } : {}),
    legs: [...listsOf("dense"), ...listsOf("lexical")],
    fused,
    ...(readings ? { readings } : {}),
    ...(reranked ? { reranked } : {}),
    ...(diversified ? { diversified } : {}),
  };
}
