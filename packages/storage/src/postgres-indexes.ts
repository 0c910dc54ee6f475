import {
  throwIfAborted,
  type ChunkId,
  type ChunkReader,
  type LexicalIndex,
  type ScoredChunk,
  type TokenVectorStore,
  type VectorIndex,
} from "@footnote/core";
import { foldTerms } from "./index-rows.ts";
import { compileFilter } from "./metadata-filter.ts";
import { checkedName } from "./migrate.ts";
import { chunkColumns, toLocatedChunk, type LocatedChunkRow } from "./records.ts";
import type { Session } from "./session.ts";

interface ScoredRow {
  chunk_id: ChunkId;
  score: number;
}
const toScored = (rows: ScoredRow[]): ScoredChunk[] => rows.map((row) => ({ chunkId: row.chunk_id, score: row.score }));

/** BM25 in the database: `search_lexical`. */
export function createPostgresLexicalIndex(session: Session): LexicalIndex {
  return {
    capabilities: { mutable: true },
    async search({ tenantId, collectionId, query, limit, filter, principals, signal }) {
      if (query.termIds.length === 0 || limit < 1) return [];
      const { termIds, frequencies } = foldTerms(query);
      const { path, vars } = compileFilter(filter);
      const rows = await session.search<ScoredRow>(
        tenantId,
        {
          name: "search_lexical",
          casts: ["text", "integer[]", "integer[]", "integer", "text", "jsonb", "text[]"],
          values: [collectionId, termIds, frequencies, limit, path, JSON.stringify(vars), principals ?? []],
        },
        signal,
      );
      throwIfAborted(signal);
      return toScored(rows);
    },
  };
}

/** Collections up to this many live chunks are scanned exactly, larger ones through HNSW where the space has it. */
export const exactBelow = 5000;

/** Nearest neighbours in halfvec tables: `search_dense`. */
export function createPgvectorIndex(session: Session, options: { exactBelow?: number } = {}): VectorIndex {
  return {
    capabilities: { exact: session.engine === "pglite" },
    async search({ tenantId, collectionId, space, vector, limit, filter, principals, signal }) {
      if (limit < 1) return [];
      const { path, vars } = compileFilter(filter);
      const rows = await session.search<ScoredRow>(
        tenantId,
        {
          name: "search_dense",
          casts: ["text", "text", "text", "integer", "text", "jsonb", "text[]", "integer"],
          values: [
            checkedName(space),
            collectionId,
            `[${vector.join(",")}]`,
            limit,
            path,
            JSON.stringify(vars),
            principals ?? [],
            options.exactBelow ?? exactBelow,
          ],
        },
        signal,
      );
      throwIfAborted(signal);
      return toScored(rows);
    },
  };
}

export function createTokenVectorStore(session: Session): TokenVectorStore {
  return {
    async read({ tenantId, space, chunkIds, signal }) {
      const rows = await session.transaction(
        tenantId,
        (tx) =>
          tx.query<{ chunk_id: ChunkId; vectors: Uint8Array }>(
            `select chunk_id, vectors from tokens_${checkedName(space)} where tenant_id = $1 and chunk_id = any($2)`,
            [tenantId, chunkIds],
          ),
        signal,
      );
      return new Map(rows.map((row) => [row.chunk_id, row.vectors]));
    },
  };
}

/** A chunk that readers may see: its document is not being deleted. */
const locatedChunks = `select ${chunkColumns}, v.document_id, coalesce(v.given_title, v.parsed_title) as title, v.media_type,
    case when jsonb_typeof(v.metadata->'url') = 'string' then v.metadata->>'url' end as url
  from chunks k join document_versions v on v.tenant_id = k.tenant_id and v.id = k.version_id
  join documents d on d.tenant_id = v.tenant_id and d.id = v.document_id and d.state <> 'deleting'`;

export function createChunkReader(session: Session): ChunkReader {
  return {
    async read({ tenantId, chunkIds, signal }) {
      if (chunkIds.length === 0) return new Map();
      const rows = await session.transaction(
        tenantId,
        (tx) => tx.query<LocatedChunkRow>(`${locatedChunks} where k.tenant_id = $1 and k.id = any($2)`, [tenantId, chunkIds]),
        signal,
      );
      return new Map(rows.map((row) => [row.id, toLocatedChunk(row)]));
    },
    async range({ tenantId, versionId, from, to, signal }) {
      const rows = await session.transaction(
        tenantId,
        (tx) =>
          tx.query<LocatedChunkRow>(
            `${locatedChunks} where k.tenant_id = $1 and k.version_id = $2 and k.ordinal between $3 and $4 order by k.ordinal`,
            [tenantId, versionId, from, to],
          ),
        signal,
      );
      return rows.map(toLocatedChunk);
    },
  };
}
