import {
  FootnoteError,
  throwIfAborted,
  type AnalyzedText,
  type ChunkId,
  type CollectionId,
  type LexicalIndex,
  type Metadata,
  type TenantId,
} from "@footnote/core";
import createEngine from "wink-bm25-text-search";
import { k1, b } from "./index-rows.ts";
import { matchesFilter } from "./metadata-filter.ts";

export interface WinkDocument {
  chunkId: ChunkId;
  text: AnalyzedText;
  metadata?: Metadata;
  access?: readonly string[];
}

export interface WinkIndexOptions {
  tenantId: TenantId;
  collectionId: CollectionId;
  documents: readonly WinkDocument[];
}

/** wink multiplies every score by k1 + 1, Lucene's variant does not. */
const scale = k1 + 1;

/** BM25 in memory over one small collection, built once: nothing can be added or removed. */
export function createWinkIndex({ tenantId, collectionId, documents }: WinkIndexOptions): LexicalIndex {
  const engine = createEngine();
  engine.defineConfig({ fldWeights: { terms: 1 }, bm25Params: { k1, b, k: 1 } });
  engine.definePrepTasks([(input: string) => input.split(" ").filter(Boolean)]);
  const byId = new Map(documents.map((document) => [String(document.chunkId), document]));
  for (const { chunkId, text } of documents) engine.addDoc({ terms: toTokens(text) }, chunkId);
  // wink consolidates collections of at least three documents only; a smaller one is scored over padding that matches nothing.
  if (documents.length < 3) {
    throw new FootnoteError("invalid_request", "The in-memory index needs at least three chunks; use the database's index for fewer.");
  }
  engine.consolidate(9);
  return {
    capabilities: { mutable: false },
    async search({ tenantId: tenant, collectionId: collection, query, limit, filter, principals, signal }) {
      throwIfAborted(signal);
      if (tenant !== tenantId || collection !== collectionId || limit < 1) return [];
      const found = engine.search(toTokens(query), documents.length);
      return found
        .map(([id, score]) => ({ document: byId.get(id), score: score / scale }))
        .flatMap(({ document, score }) => (document && score > 0 ? [{ document, score }] : []))
        .filter(({ document: { access = [], metadata = {} } }) => {
          const open = access.length === 0 || access.some((principal) => principals?.includes(principal));
          return open && matchesFilter(metadata, filter);
        })
        .sort((a, b) => b.score - a.score || (a.document.chunkId < b.document.chunkId ? -1 : 1))
        .slice(0, limit)
        .map(({ document, score }) => ({ chunkId: document.chunkId, score }));
    },
  };
}

/** wink reads tokens from text: each term id as often as it occurs. */
function toTokens({ termIds, frequencies }: AnalyzedText): string {
  return termIds.flatMap((id, at) => Array.from({ length: frequencies[at] ?? 0 }, () => `t${id}`)).join(" ");
}
