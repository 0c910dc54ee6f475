import type { CollectionId, TenantId } from "@footnote/core";
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

type Entry = { bytes: number; usedAt: number } & ({ totals: CollectionTotals } | { term: KnownTerm });

const entryBytes = 200;
const listBytes = ({ postings }: KnownList) => entryBytes + postings.numbers.byteLength + postings.packed.byteLength;

/**
 * Posting lists of the queries of late, least recently used out first. They hold chunk numbers and hashed terms, no content.
 * Keys begin with the tenant; what is seen is still decided by the database, under the tenant of the transaction.
 */
export function createPostingCache(options: { maxBytes: number; maxIdleMs: number; now?: () => number }): PostingCache {
  const { maxBytes, maxIdleMs, now = () => performance.now() } = options;
  const entries = new Map<string, Entry>();
  let bytes = 0;

  const scopeKey = ({ tenantId, collectionId }: Scope) => `${tenantId} ${collectionId}`;
  const remove = (key: string) => {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  const add = (key: string, entry: Entry) => {
    remove(key);
    entries.set(key, entry);
    bytes += entry.bytes;
  };
  const use = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (!entry) return undefined;
    if (entry.usedAt < now() - maxIdleMs) {
      remove(key);
      return undefined;
    }
    entry.usedAt = now();
    entries.delete(key);
    entries.set(key, entry);
    return entry;
  };
  const term = (scope: Scope, termId: number) => {
    const entry = use(`${scopeKey(scope)} ${termId}`);
    return entry && "term" in entry ? entry.term : undefined;
  };

  return {
    term,
    read(scope, termIds) {
      const entry = use(scopeKey(scope));
      if (!entry || !("totals" in entry)) return null;
      const terms = termIds.flatMap((id) => term(scope, id) ?? []);
      return terms.length === termIds.length ? { totals: entry.totals, terms } : null;
    },
    write(scope, totals, terms) {
      const usedAt = now();
      add(scopeKey(scope), { totals, bytes: entryBytes, usedAt });
      for (const known of terms) {
        const size = known.lists.reduce((sum, list) => sum + listBytes(list), entryBytes);
        add(`${scopeKey(scope)} ${known.termId}`, { term: known, bytes: size, usedAt });
      }
      for (const [key, entry] of entries) {
        if (bytes <= maxBytes && entry.usedAt >= usedAt - maxIdleMs) break;
        remove(key);
      }
    },
    get bytes() {
      return bytes;
    },
  };
}
