import type { Span } from "@footnote/core";

export interface SpanScores {
  /** Share of the relevant characters that were retrieved. */
  recall: number;
  /** Share of the retrieved characters that are relevant. */
  precision: number;
  /** Relevant and retrieved, of relevant or retrieved. */
  iou: number;
}

/** A span of one of several texts. */
export interface TextSpan extends Span {
  text: string;
}

/**
 * How well retrieved chunks hit annotated passages, in characters (Smith and Troynikov 2024, "Evaluating Chunking
 * Strategies for Retrieval", who count tokens). What is retrieved twice counts twice as retrieved and once as found, so
 * that overlap costs. Relevant spans that overlap count once. 0 when nothing is relevant or retrieved.
 */
export function spanScores(options: { relevant: readonly TextSpan[]; retrieved: readonly TextSpan[] }): SpanScores {
  const relevant = union(options.relevant);
  const found = length(
    union(
      options.retrieved.flatMap((chunk) =>
        relevant
          .filter(({ text }) => text === chunk.text)
          .map(({ start, end }) => ({ text: chunk.text, start: Math.max(start, chunk.start), end: Math.min(end, chunk.end) })),
      ),
    ),
  );
  const retrieved = length(options.retrieved);
  const wanted = length(relevant);
  return {
    recall: wanted === 0 ? 0 : found / wanted,
    precision: retrieved === 0 ? 0 : found / retrieved,
    iou: wanted + retrieved === 0 ? 0 : found / (wanted + retrieved - found),
  };
}

/** The same characters as disjoint spans in order. Empty spans vanish. */
function union(spans: readonly TextSpan[]): TextSpan[] {
  const sorted = spans
    .filter(({ start, end }) => start < end)
    .toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.start - b.start));
  const result: TextSpan[] = [];
  for (const span of sorted) {
    const last = result[result.length - 1];
    if (last !== undefined && last.text === span.text && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else result.push({ ...span });
  }
  return result;
}

function length(spans: readonly Span[]): number {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}
