import type { BlockPiece, Piece } from "./pieces.ts";

/**
 * Pieces by section: a section begins at a heading that does not follow a heading, or where the heading path changes.
 * The blocks of one table, list or code fence become one piece.
 */
export function sections(pieces: readonly BlockPiece[]): Piece[][] {
  const result: Piece[][] = [];
  let section: Piece[] = [];
  let previous: BlockPiece | null = null;
  for (const next of pieces) {
    if (previous !== null && startsSection(previous, next)) {
      result.push(section);
      section = [];
    }
    const last = section[section.length - 1];
    const sameGroup = next.block?.group !== undefined && previous?.block?.group === next.block.group;
    if (sameGroup && last !== undefined) {
      const parts = last.kind === "group" ? (last.parts ?? []) : [last];
      parts.push(next.piece);
      section[section.length - 1] = { start: last.start, end: next.piece.end, kind: "group", heading: false, parts };
    } else section.push(next.piece);
    previous = next;
  }
  if (section.length > 0) result.push(section);
  return result;
}

function startsSection(previous: BlockPiece, next: BlockPiece): boolean {
  if (next.block === null) return false;
  if (next.block.kind === "heading") return !previous.piece.heading;
  // The path of what stands under a heading differs from the heading's own.
  if (previous.piece.heading || previous.block === null) return false;
  const before = previous.block.headingPath;
  const after = next.block.headingPath;
  return before.length !== after.length || before.some((title, at) => title !== after[at]);
}
