import type { Span } from "@footnote/core";
import { cut } from "./pieces.ts";
import type { Cutter, Piece } from "./pieces.ts";

export interface PackedChunk extends Span {
  tokenCount: number;
}

/** Pieces placed between two chances for others. */
const piecesPerStep = 32;

/**
 * Packs pieces in order into chunks of at most `maxTokens`, cutting those that do not fit. `targetTokens` (default
 * `maxTokens`) is the size to come close to: a section of 1.1 maxima becomes two halves instead of a full chunk and a
 * crumb. The last pieces of a chunk come again in the next as far as `overlapTokens` reach. Linear: a piece is counted
 * once, and its parts once more when it must be cut. Yields between pieces, for whoever must let others run.
 */
export function* pack(
  pieces: readonly Piece[],
  cutter: Cutter,
  options: { overlapTokens: number; targetTokens?: number },
): Generator<undefined, PackedChunk[], undefined> {
  const { text, sizer, maxTokens } = cutter;
  const { overlapTokens, targetTokens = maxTokens } = options;
  const chunks: PackedChunk[] = [];
  const todo = pieces.toReversed();
  let current: Piece[] = [];
  let cost = 0;
  /** Pieces at the front of `current` that the chunk before has already. */
  let repeated = 0;

  const costOf = (piece: Piece) => sizer.cost(piece, maxTokens);

  const flush = () => {
    let tokenCount = exactTokens(text, current, sizer);
    // Pieces that touch may count for more together than apart: give the last back.
    while (tokenCount > maxTokens && current.length > repeated + 1) {
      const last = current.pop();
      if (last !== undefined) todo.push(last);
      tokenCount = exactTokens(text, current, sizer);
    }
    const first = current[0];
    const last = current[current.length - 1];
    if (first === undefined || last === undefined) return;
    chunks.push({ start: first.start, end: last.end, tokenCount });
    current = tail(current, cutter, overlapTokens);
    repeated = current.length;
    cost = current.reduce((sum, piece) => sum + costOf(piece), 0);
  };

  const cutInstead = (parts: readonly Piece[]) => {
    for (let at = parts.length - 1; at >= 0; at--) {
      const part = parts[at];
      if (part !== undefined) todo.push(part);
    }
  };

  const place = (piece: Piece) => {
    const size = costOf(piece);
    if (size > maxTokens) {
      const parts = cut(piece, cutter);
      if (parts.length > 1) return cutInstead(parts);
    }
    const joined = cost + size;
    if (current.length === repeated) {
      // Repeated pieces give way to new ones.
      while (repeated > 0 && cost + size > maxTokens) {
        const dropped = current.shift();
        if (dropped !== undefined) cost -= costOf(dropped);
        repeated--;
      }
    } else {
      const afterHeading = !piece.heading && current.every((member) => member.heading);
      // A heading stays with the beginning of its text, which is cut for it when it must.
      if (afterHeading && joined > maxTokens) {
        const parts = cut(piece, cutter);
        const head = parts[0];
        if (parts.length > 1 && head !== undefined && cost + costOf(head) <= maxTokens) return cutInstead(parts);
      }
      const closer = joined - targetTokens <= targetTokens - cost;
      if (joined > maxTokens || (!closer && !afterHeading)) {
        todo.push(piece);
        return flush();
      }
    }
    current.push(piece);
    cost += size;
  };

  let placed = 0;
  while (true) {
    const piece = todo.pop();
    if (++placed % piecesPerStep === 0) yield;
    if (piece !== undefined) place(piece);
    // The flush may give pieces back.
    else if (current.length > repeated) flush();
    else return chunks;
  }
}

/** The last pieces of a chunk, never all, that fit into `room`: whole ones, then sentences, clauses or words of the one before. */
function tail(pieces: readonly Piece[], cutter: Cutter, room: number): Piece[] {
  const result: Piece[] = [];
  let left = room;
  let rest = [...pieces];
  while (left > 0) {
    const last = rest.pop();
    if (last === undefined) break;
    const cost = cutter.sizer.cost(last, cutter.maxTokens);
    // With its first piece the next chunk would begin where this one does.
    if (cost <= left && last !== pieces[0]) {
      result.unshift(last);
      left -= cost;
    } else if (last.kind === "run" || last.kind === "part" || result.length > 0) break;
    else {
      const parts = cut(last, cutter);
      if (parts.length < 2) break;
      // The first part stays behind, so that a chunk never begins where the one before began.
      rest = parts.slice(1);
    }
  }
  return result;
}

/** Tokens of the pieces as one text: their sum where blanks part them, counted anew where they touch. */
function exactTokens(text: string, pieces: readonly Piece[], sizer: Cutter["sizer"]): number {
  const first = pieces[0];
  const last = pieces[pieces.length - 1];
  if (first === undefined || last === undefined) return 0;
  const touching = pieces.some((piece, at) => at > 0 && !/\s/u.test(text.slice(pieces[at - 1]?.end ?? 0, piece.start)));
  if (!touching) return pieces.reduce((sum, piece) => sum + sizer.tokens(piece), 0);
  return sizer.tokens({ start: first.start, end: last.end });
}
