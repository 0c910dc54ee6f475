import { foldText } from "@footnote/core";
import { outlineKey } from "./pdf-outline.ts";
import type { Outline } from "./pdf-outline.ts";
import { isContentsLine, sizeKey } from "./text-units.ts";
import type { TextUnit, Typography, Unit } from "./text-units.ts";

const maxHeadingLength = 200;
const maxHeadingLines = 4;

export interface Headings {
  levels: ReadonlyMap<Unit, number>;
  /** The largest heading on the first two pages with text. */
  title: string | null;
}

interface Candidate {
  unit: Unit;
  text: string;
  size: number;
  /** Depth in the outline, or 0. */
  depth: number;
  page: number;
}

/**
 * Headings by size, weight and outline. Sizes above the body's give the upper levels, largest first; bold lines in the body's size
 * come below them; an outline entry makes a heading of a line that nothing else tells.
 */
export function classifyHeadings(
  units: readonly Unit[],
  { typography, outline, title }: { typography: Typography; outline: Outline; title: string | null },
): Headings {
  const candidates: Candidate[] = [];
  for (const [index, unit] of units.entries()) {
    if (unit.type !== "text" || unit.monospace || unit.lines.length > maxHeadingLines) continue;
    const first = unit.lines[0];
    if (first === undefined) continue;
    const text = unit.lines.map((line) => line.text).join(" ");
    if (text.length > maxHeadingLength || !/\p{L}/u.test(text) || unit.lines.some(isContentsLine)) continue;
    const depth = outline.get(outlineKey(text)) ?? 0;
    if (!looksLikeHeading({ unit, text, depth, next: units[index + 1] }, typography, title)) continue;
    candidates.push({ unit, text, size: sizeKey(first.size), depth, page: first.page });
  }
  const large = typography.bodySize * 1.08;
  const sizes = [...new Set(candidates.filter((candidate) => candidate.size > large).map((candidate) => candidate.size))].sort(
    (left, right) => right - left,
  );
  const levels = new Map<Unit, number>();
  for (const candidate of candidates) {
    const rank = sizes.indexOf(candidate.size);
    const level = rank >= 0 ? rank + 1 : Math.max(sizes.length + 1, candidate.depth);
    levels.set(candidate.unit, Math.min(6, level));
  }
  return { levels, title: titleOf(candidates, sizes, title) };
}

function looksLikeHeading(
  { unit, text, depth, next }: { unit: TextUnit; text: string; depth: number; next: Unit | undefined },
  typography: Typography,
  title: string | null,
): boolean {
  const first = unit.lines[0];
  if (first === undefined || unit.mark === "bullet") return false;
  const ratio = first.size / typography.bodySize;
  const bold = isBold(unit);
  if (isNamed(text, depth, title) && (ratio > 0.95 || bold)) return true;
  if (ratio >= 1.3) return text.length <= 150 || bold;
  const numbered = /^(?:\d+(?:\.\d+)*\.?|[A-Z]\.|§\s*\d+|Chapter|Appendix)\s+\p{L}/u.test(text);
  if (ratio >= 1.08) return (bold || numbered) && !/[,;]$/u.test(text) && text.length <= 150;
  if (!bold || !typography.boldIsRare || ratio < 0.95 || !isShortLabel(unit, text)) return false;
  // A bold line with nothing below it is emphasis.
  return next !== undefined && (numbered || next.type === "table" || !isBold(next));
}

/** The outline or the file's title has it. */
function isNamed(text: string, depth: number, title: string | null): boolean {
  return depth > 0 || (title !== null && foldText(title) === foldText(text));
}

function isBold(unit: TextUnit): boolean {
  return unit.lines.every((line) => line.bold);
}

function isShortLabel(unit: TextUnit, text: string): boolean {
  return text.length <= 120 && unit.lines.length <= 2 && !/[.,;]$/u.test(text.replace(/\d+\.$/u, ""));
}

function titleOf(candidates: readonly Candidate[], sizes: readonly number[], title: string | null): string | null {
  const largest = sizes[0];
  const firstPage = candidates[0]?.page ?? 1;
  const early = candidates.filter((candidate) => candidate.page <= firstPage + 1);
  const known = title === null ? undefined : early.find((candidate) => foldText(candidate.text).includes(foldText(title)));
  if (known !== undefined) return title;
  return early.find((candidate) => candidate.size === largest)?.text ?? null;
}
