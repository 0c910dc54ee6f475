import {
  throwIfAborted,
  type ChunkId,
  type ChunkReader,
  type LexicalIndex,
  type ScoredChunk,
  type TokenVectorStore,
  type VectorIndex,
} from "@footnote/core";
import { bestScores, scorePostings, type Scores } from "./bm25.ts";
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

/** Queries whose terms have more postings than this are scored inside the database, which reads only what can matter. */
export const maxPostingsHandedOver = 200_000;

interface PostingRow {
  term_id: number | null;
  document_frequency: string | number;
  total_length: string | number | null;
  /** Base64. */
  postings: string | null;
}

/**
 * BM25 over posting lists in the database. Short lists are handed over and summed here (`search_postings`, then
 * `search_visible` for the best, in one snapshot); long ones are read by `search_lexical`. Both give the same results.
 */
export function createPostgresLexicalIndex(session: Session, options: { maxPostings?: number } = {}): LexicalIndex {
  const maxPostings = options.maxPostings ?? maxPostingsHandedOver;
  return {
    capabilities: { mutable: true },
    async search({ tenantId, collectionId, query, limit, filter, principals, signal }) {
      if (query.termIds.length === 0 || limit < 1) return [];
      const { termIds, frequencies } = foldTerms(query);
      const { path, vars } = compileFilter(filter);
      const visibility = [path, JSON.stringify(vars), principals ?? []];
      const found = await session.snapshot(
        tenantId,
        async (tx) => {
          const rows = await tx.query<PostingRow>("select * from search_postings($1, $2::integer[], $3)", [
            collectionId,
            termIds,
            maxPostings,
          ]);
          const scores = scoresOf(rows, new Map(termIds.map((id, at) => [id, frequencies[at] ?? 1])));
          if (!scores) return null;
          for (let wanted = limit + 8; ; wanted *= 16) {
            const best = bestScores(scores, wanted);
            if (best.length === 0) return [];
            const visible = await tx.query<{ number: string | number; chunk_id: ChunkId }>(
              "select * from search_visible($1, $2::bigint[], $3, $4::jsonb, $5::text[])",
              [collectionId, best.map(({ number }) => number), ...visibility],
            );
            if (visible.length < limit && best.length < scores.numbers.length) continue;
            const chunkIds = new Map(visible.map((row) => [Number(row.number), row.chunk_id]));
            return best.flatMap(({ number, score }) => {
              const chunkId = chunkIds.get(number);
              return chunkId === undefined ? [] : [{ chunkId, score }];
            });
          }
        },
        signal,
      );
      throwIfAborted(signal);
      if (found) return found.slice(0, limit);
      const rows = await session.search<ScoredRow>(
        tenantId,
        {
          name: "search_lexical",
          casts: ["text", "integer[]", "integer[]", "integer", "text", "jsonb", "text[]"],
          values: [collectionId, termIds, frequencies, limit, ...visibility],
        },
        signal,
      );
      throwIfAborted(signal);
      return toScored(rows);
    },
  };
}

/** Scores of every chunk in the lists; null when the lists were too long to be handed over. */
function scoresOf(rows: readonly PostingRow[], queryFrequencies: ReadonlyMap<number, number>): Scores | null {
  const totals = { chunkCount: 0, totalLength: 0 };
  const terms = new Map<number, { documentFrequency: number; queryFrequency: number; lists: Uint8Array[] }>();
  for (const { term_id: id, document_frequency: frequency, total_length: length, postings } of rows) {
    if (id === null) {
      totals.chunkCount = Number(frequency);
      totals.totalLength = Number(length);
      continue;
    }
    if (postings === null) return null;
    const term = terms.get(id) ?? { documentFrequency: 0, queryFrequency: queryFrequencies.get(id) ?? 1, lists: [] };
    term.documentFrequency += Number(frequency);
    term.lists.push(Buffer.from(postings, "base64"));
    terms.set(id, term);
  }
  if (totals.chunkCount <= 0) return { numbers: new Float64Array(), scores: new Float64Array() };
  return scorePostings(
    [...terms.values()].filter(({ documentFrequency }) => documentFrequency > 0),
    totals,
  );
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
