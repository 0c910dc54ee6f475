import { FootnoteError, isId, type Id, type IdKind } from "@footnote/core";
import type { PageRequest, PageResult } from "./store/paging.ts";

/** Limit within 1…100 and the id to go on after, of a page request. `kind`: of the list's ids, so that another list's cursor is refused. */
export function readPage<Kind extends IdKind>(page: PageRequest, kind: Kind): { limit: number; after: Id<Kind> | null } {
  return { limit: readLimit(page), after: readCursor(page, (key) => (isId(kind, key) ? key : null)) };
}

/** The same of a list that is ordered by numbers. */
export function readNumberedPage(page: PageRequest): { limit: number; after: number | null } {
  return { limit: readLimit(page), after: readCursor(page, (key) => (/^\d{1,15}$/.test(key) ? Number(key) : null)) };
}

function readLimit({ limit = 20 }: PageRequest): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100) return limit;
  throw new FootnoteError("invalid_request", "The limit must be a whole number from 1 to 100.");
}

function readCursor<K>({ cursor }: PageRequest, keyOf: (text: string) => K | null): K | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const key = keyOf(text);
  if (key === null || Buffer.from(text).toString("base64url") !== cursor) {
    throw new FootnoteError("invalid_request", "The cursor is not one of this list; use the nextCursor of the page before, unchanged.");
  }
  return key;
}

/** A page from `limit + 1` rows that were asked for. */
export function toPage<R, T>(rows: readonly R[], limit: number, map: (row: R) => T, key: (row: R) => string): PageResult<T> {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  return {
    data: kept.map(map),
    nextCursor: rows.length > limit && last !== undefined ? Buffer.from(key(last)).toString("base64url") : null,
  };
}
