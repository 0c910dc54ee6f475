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
import type { ServiceContext } from "./service-context.ts";

interface SearchCall {
  tenantId: TenantId;
  collection: CollectionRecord;
  spec: PipelineSpec;
  query: string;
  limit: number;
  filter?: Readonly<Record<string, unknown>> | undefined;
  principals?: readonly string[] | undefined;
  meter: UsageMeter;
  signal: AbortSignal;
}

/** Retrieval over the store's collections. */
export interface Searcher {
  search(call: SearchCall): Promise<SearchResult>;
  analyzerFor(spec: PipelineSpec): LexicalAnalyzer;
}

/** One retriever per embedding space, made when first needed. */
export function createSearcher(context: ServiceContext): Searcher {
  const { store, embedderFor, modelNamed, rerankers, isWord, telemetry, clock } = context;
  const retrievers = new Map<string, Retriever>();
  const analyzers = createAnalyzers();

  function retrieverFor(space: string): Retriever {
    const known = retrievers.get(space);
    if (known) return known;
    const embedder = embedderFor(space);
    if (!embedder) {
      throw new FootnoteError("pipeline_incompatible", `No embedder for the space ${space} is configured; choose another pipeline.`);
    }
    const made = createRetriever({
      embedder,
      lexical: store.lexical,
      dense: store.dense,
      chunks: store.chunks,
      vectors: store.vectors,
      modelNamed,
      rerankers,
      ...(isWord ? { isWord } : {}),
      telemetry,
      clock,
    });
    retrievers.set(space, made);
    return made;
  }

  return {
    async search({ collection, filter, principals, ...call }) {
      return await retrieverFor(searchedSpace(call.spec)).search({
        ...call,
        collectionId: collection.id,
        ...(filter === undefined ? {} : { filter: toFilter(filter) }),
        ...(principals === undefined ? {} : { principals }),
      });
    },
    analyzerFor({ index }) {
      return analyzers(index.analyzer.language, index.analyzer.version);
    },
  };
}

/** A filter as the ports want it: without the undefined fields that a schema's optional ones may leave. */
function toFilter(filter: Readonly<Record<string, unknown>>): MetadataFilter {
  return JSON.parse(JSON.stringify(filter)) as MetadataFilter;
}
