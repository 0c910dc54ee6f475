import { canonicalText } from "@footnote/core";

/** What is beyond is not read: no embedder here takes more, and BM25 gains nothing from it. */
export const maxQueryLength = 8_000;

/** A query as the legs see it: canonical Unicode, white space collapsed, cut at a character boundary. Blank gives "". */
export function normalizeQuery(query: string): string {
  return canonicalText(query.slice(0, maxQueryLength)).replace(/\s+/gu, " ").trim();
}
