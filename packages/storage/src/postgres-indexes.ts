import {
  FootnoteError,
  throwIfAborted,
  type ChunkId,
  type LexicalIndex,
  type ScoredChunk,
  type TokenVectorStore,
  type VectorIndex,
} from "@footnote/core";
import { bestScores, readPostings, scorePostings, type CollectionTotals, type Scores } from "./bm25.ts";
import { foldTerms } from "./index-rows.ts";
import { compileFilter } from "./metadata-filter.ts";
import { checkedName } from "./migrate.ts";
import { createPostingCache, type KnownList, type KnownTerm } from "./posting-cache.ts";
import type { Session } from "./session.ts";

interface ScoredRow {
  chunk_id: ChunkId;
  score: number;
}
const toScored = (rows: ScoredRow[]): ScoredChunk[] => rows.map((row) => ({ chunkId: row.chunk_id, score: row.score }));

/** Queries whose terms have more postings than this are scored inside the database, which reads only what can matter. */
export const maxPostingsHandedOver = 200_000;

/** Posting lists that a process keeps between queries: this much memory, each until nobody asked for it for this long. */
const cacheLimits = { maxBytes: 64 * 1024 * 1024, maxIdleMs: 15 * 60 * 1000 };

interface PostingRow {
  term_id: number | null;
  delta: string | number | null;
  document_frequency: string | number;
  total_length: string | number | null;
  /** Base64; null for a list that is known. */
  postings: string | null;
}

interface VisibleRow {
  number: string | number | null;
  chunk_id: ChunkId;
}

/**
 * BM25 over posting lists in the database, summed here. Lists never change, so those of earlier queries are kept: when the database
 * confirms that they are still all there is, one statement names the best (`search_confirmed`). Otherwise the missing ones are
 * read first, in one snapshot (`search_postings`, `search_visible`); lists too long to hand over are summed in the database
 * (`search_lexical`). All three ways give the same results.
 */
export function createPostgresLexicalIndex(session: Session, options: { maxPostings?: number; cacheBytes?: number } = {}): LexicalIndex {
  const maxPostings = options.maxPostings ?? maxPostingsHandedOver;
  const cache = createPostingCache({ ...cacheLimits, ...(options.cacheBytes === undefined ? {} : { maxBytes: options.cacheBytes }) });
  return {
    capabilities: { mutable: true },
    async search({ tenantId, collectionId, query, limit, filter, principals, signal }) {
      if (query.termIds.length === 0 || limit < 1) return [];
      const scope = { tenantId, collectionId };
      const { termIds, frequencies } = foldTerms(query);
      const queryFrequencies = new Map(termIds.map((id, at) => [id, frequencies[at] ?? 1]));
      const { path, vars } = compileFilter(filter);
      const visibility = [path, JSON.stringify(vars), principals ?? []];

      const known = cache.read(scope, termIds);
      if (known) {
        const scores = scoresOf(known, queryFrequencies);
        const best = bestScores(scores, limit + 8);
        const rows = await session.search<VisibleRow>(
          tenantId,
          {
            name: "search_confirmed",
            casts: ["text", "integer[]", "text", "bigint[]", "text", "jsonb", "text[]"],
            values: [collectionId, termIds, stateOf(known), best.map(({ number }) => number), ...visibility],
          },
          signal,
        );
        throwIfAborted(signal);
        const confirmed = rows[0]?.number !== null;
        if (confirmed && (rows.length >= limit || best.length === scores.numbers.length)) return named(best, rows).slice(0, limit);
      }

      const found = await session.snapshot(
        tenantId,
        async (tx) => {
          const held = termIds.flatMap((id) => (cache.term(scope, id)?.lists ?? []).map((list) => ({ id, list })));
          const rows = await tx.query<PostingRow>("select * from search_postings($1, $2::integer[], $3, $4::integer[], $5::bigint[])", [
            collectionId,
            termIds,
            maxPostings,
            held.map(({ id }) => id),
            held.map(({ list }) => list.delta),
          ]);
          const read = knownFrom(rows, termIds, new Map(held.map(({ id, list }) => [`${id}:${list.delta}`, list])));
          if (!read) return null;
          cache.write(scope, read.totals, read.terms);
          const scores = scoresOf(read, queryFrequencies);
          for (let wanted = limit + 8; ; wanted *= 16) {
            const best = bestScores(scores, wanted);
            if (best.length === 0) return [];
            const visible = await tx.query<VisibleRow>("select * from search_visible($1, $2::bigint[], $3, $4::jsonb, $5::text[])", [
              collectionId,
              best.map(({ number }) => number),
              ...visibility,
            ]);
            if (visible.length < limit && best.length < scores.numbers.length) continue;
            return named(best, visible);
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

interface Known {
  totals: CollectionTotals;
  terms: readonly KnownTerm[];
}

/** What `search_confirmed` compares with the lists of now. */
function stateOf({ totals, terms }: Known): string {
  const lists = terms.flatMap(({ termId, lists: own }) => own.map(({ delta }) => `${termId}:${delta}`));
  return `${totals.chunkCount}/${totals.totalLength}|${lists.join(",")}`;
}

/** The lists of now, those that were held without being sent again; null when they were too long to be handed over. */
function knownFrom(rows: readonly PostingRow[], termIds: readonly number[], held: ReadonlyMap<string, KnownList>): Known | null {
  const totals = { chunkCount: 0, totalLength: 0 };
  const terms = new Map<number, KnownList[]>(termIds.map((id) => [id, []]));
  for (const { term_id: id, delta, document_frequency: frequency, total_length: length, postings } of rows) {
    if (id === null) {
      if (Number(frequency) < 0) return null;
      totals.chunkCount = Number(frequency);
      totals.totalLength = Number(length);
      continue;
    }
    const list =
      postings === null
        ? held.get(`${id}:${delta}`)
        : { delta: String(delta), documentFrequency: Number(frequency), postings: readPostings(Buffer.from(postings, "base64")) };
    if (!list) throw new FootnoteError("storage_failed", "A posting list that was asked for did not come; try again.");
    terms.get(id)?.push(list);
  }
  return { totals, terms: [...terms].map(([termId, lists]) => ({ termId, lists })) };
}

/** Scores of every chunk in the lists. */
function scoresOf({ totals, terms }: Known, queryFrequencies: ReadonlyMap<number, number>): Scores {
  if (totals.chunkCount <= 0) return { numbers: new Float64Array(), scores: new Float64Array() };
  return scorePostings(
    terms
      .map(({ termId, lists }) => ({
        documentFrequency: lists.reduce((sum, { documentFrequency }) => sum + documentFrequency, 0),
        queryFrequency: queryFrequencies.get(termId) ?? 1,
        lists: lists.map(({ postings }) => postings),
      }))
      .filter(({ documentFrequency }) => documentFrequency > 0),
    totals,
  );
}

/** The ranked numbers that may be seen, by their chunks' ids. */
function named(best: readonly { number: number; score: number }[], rows: readonly VisibleRow[]): ScoredChunk[] {
  const chunkIds = new Map(rows.map((row) => [Number(row.number), row.chunk_id]));
  return best.flatMap(({ number, score }) => {
    const chunkId = chunkIds.get(number);
    return chunkId === undefined ? [] : [{ chunkId, score }];
  });
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

/** SQL: a space's table is named after it and not in the schema. */
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
