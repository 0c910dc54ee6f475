import { FootnoteError, isId, type IdKind } from "@footnote/core";
import type { PageRequest, PageResult } from "./store.ts";

/** Limit within 1…100 and the key to go on after, of a page request. `keys`: of the list, so that another list's cursor is refused. */
export function readPage(page: PageRequest, keys: IdKind | "number"): { limit: number; after: string | null } {
  const limit = page.limit ?? 20;
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw new FootnoteError("invalid_request", "The limit must be a whole number from 1 to 100.");
  }
  if (page.cursor === undefined) return { limit, after: null };
  const after = Buffer.from(page.cursor, "base64url").toString("utf8");
  const isKey = keys === "number" ? /^\d{1,18}$/.test(after) : isId(keys, after);
  if (!isKey || Buffer.from(after).toString("base64url") !== page.cursor) {
    throw new FootnoteError("invalid_request", "The cursor is not one of this list; use the nextCursor of the page before, unchanged.");
  }
  return { limit, after };
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
