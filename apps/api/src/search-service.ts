import {
  FootnoteError,
  type LexicalAnalyzer,
  type MetadataFilter,
  type PipelineSpec,
  searchedSpace,
  type SearchResult,
  type TenantId,
  type UsageMeter,
} from "@footnote/core";
import { createAnalyzers, createRetriever, type Retriever } from "@footnote/retrieval";
import type { CollectionRecord } from "@footnote/storage";
import type { ApiDependencies } from "./dependencies.ts";

interface SearchCall {
  tenantId: TenantId;
  collection: CollectionRecord;
  spec: PipelineSpec;
  query: string;
  limit: number;
  filter?: MetadataFilter | undefined;
  principals?: readonly string[] | undefined;
  meter: UsageMeter;
  signal: AbortSignal;
}

export interface SearchService {
  search(call: SearchCall): Promise<SearchResult>;
  analyzerFor(spec: PipelineSpec): LexicalAnalyzer;
}

/** One retriever per embedding space, made when first needed. */
export function createSearchService(deps: ApiDependencies): SearchService {
  const { store, embedderFor, modelNamed, rerankers, telemetry, clock } = deps;
  const retrievers = new Map<string, Retriever>();
  const servedAnalyzer = createAnalyzers();

  function embedderOf(spec: PipelineSpec) {
    const space = searchedSpace(spec);
    const embedder = embedderFor(space);
    if (embedder) return embedder;
    throw new FootnoteError("pipeline_incompatible", `No embedder for the space ${space} is configured; choose another pipeline.`);
  }
  function retrieverFor(spec: PipelineSpec): Retriever {
    const space = searchedSpace(spec);
    const known = retrievers.get(space);
    if (known) return known;
    const made = createRetriever({
      embedder: embedderOf(spec),
      lexical: store.lexical,
      dense: store.dense,
      chunks: store.chunks,
      vectors: store.vectors,
      modelNamed,
      rerankers,
      ...(deps.isWord ? { isWord: deps.isWord } : {}),
      telemetry,
      clock,
    });
    retrievers.set(space, made);
    return made;
  }

  return {
    async search({ collection, filter, principals, ...call }) {
      return await retrieverFor(call.spec).search({
        ...call,
        collectionId: collection.id,
        ...(filter === undefined ? {} : { filter }),
        ...(principals === undefined ? {} : { principals }),
      });
    },
    analyzerFor(spec) {
      const { language, version } = spec.index.analyzer;
      return servedAnalyzer(language, version);
    },
  };
}

/** Values of a zod record whose optional fields may be there as undefined, as the port wants them: absent. */
export function toFilter(filter: Record<string, unknown> | undefined): MetadataFilter | undefined {
  return filter === undefined ? undefined : (JSON.parse(JSON.stringify(filter)) as MetadataFilter);
}
