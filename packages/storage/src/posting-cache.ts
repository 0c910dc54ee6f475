import type { CollectionId, TenantId } from "@footnote/core";
import { LRUCache } from "lru-cache";
import type { CollectionTotals, PostingList } from "./bm25.ts";

/** A list as it stands in the database under its delta; its content never changes, so it is only ever added or dropped. */
export interface KnownList {
  delta: string;
  /** Negative for a removal. */
  documentFrequency: number;
  postings: PostingList;
}

export interface KnownTerm {
  termId: number;
  /** In the order of deltas; none for a term that the collection does not hold. */
  lists: readonly KnownList[];
}

interface Scope {
  tenantId: TenantId;
  collectionId: CollectionId;
}

export interface PostingCache {
  /** Null unless the totals and every term are known. Nobody may rank with them before the database has confirmed their state. */
  read(scope: Scope, termIds: readonly number[]): { totals: CollectionTotals; terms: KnownTerm[] } | null;
  /** What is known of one term, confirmed or not. */
  term(scope: Scope, termId: number): KnownTerm | undefined;
  /** Replaces what was known of these terms: lists that are gone from the database are gone from here. */
  write(scope: Scope, totals: CollectionTotals, terms: readonly KnownTerm[]): void;
  readonly bytes: number;
}

type Entry = { totals: CollectionTotals } | { term: KnownTerm };

const entryBytes = 200;
const sizeOf = (entry: Entry) =>
  "totals" in entry
    ? entryBytes
    : entry.term.lists.reduce(
        (sum, { postings }) => sum + entryBytes + postings.numbers.byteLength + postings.packed.byteLength,
        entryBytes,
      );

/**
 * Posting lists of the queries of late, least recently used out first. They hold chunk numbers and hashed terms, no content.
 * Keys begin with the tenant; what is seen is still decided by the database, under the tenant of the transaction.
 */
export function createPostingCache(options: { maxBytes: number; maxIdleMs: number; now?: () => number }): PostingCache {
  const { maxBytes, maxIdleMs, now = () => performance.now() } = options;
  const entries = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    sizeCalculation: sizeOf,
    ttl: maxIdleMs,
    ttlResolution: 0,
    updateAgeOnGet: true,
    // An entry of the moment 0 would never age.
    perf: { now: () => now() + 1 },
  });
  let purgedAt = now();
  const scopeKey = ({ tenantId, collectionId }: Scope) => `${tenantId} ${collectionId}`;
  const term = (scope: Scope, termId: number) => {
    const entry = entries.get(`${scopeKey(scope)} ${termId}`);
    return entry && "term" in entry ? entry.term : undefined;
  };

  return {
    term,
    read(scope, termIds) {
      const entry = entries.get(scopeKey(scope));
      if (!entry || !("totals" in entry)) return null;
      const terms = termIds.flatMap((id) => term(scope, id) ?? []);
      return terms.length === termIds.length ? { totals: entry.totals, terms } : null;
    },
    write(scope, totals, terms) {
      entries.set(scopeKey(scope), { totals });
      for (const known of terms) entries.set(`${scopeKey(scope)} ${known.termId}`, { term: known });
      if (now() - purgedAt < maxIdleMs) return;
      purgedAt = now();
      entries.purgeStale();
    },
    get bytes() {
      return entries.calculatedSize;
    },
  };
}
