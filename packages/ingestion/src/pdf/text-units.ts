import { bulletPattern, mostCommon, numberPattern } from "./page-lines.ts";
import type { Line, Piece } from "./reading-order.ts";
import type { Table } from "./tables.ts";

/** Where a line stands. `flow` changes with every page, text direction and column. */
export interface PlacedLine extends Line {
  page: number;
  angle: number;
  flow: number;
}

export interface TextUnit {
  type: "text";
  lines: PlacedLine[];
  mark: "bullet" | "number" | null;
  monospace: boolean;
}

export interface TableUnit {
  type: "table";
  table: Table;
  page: number;
  angle: number;
}

export type Unit = TextUnit | TableUnit;

export interface PageUnits {
  page: number;
  angle: number;
  pieces: Piece[];
}

/** What is usual in the document: found once over all pages. */
export interface Typography {
  /** Size of most text. */
  bodySize: number;
  /** Line distance by size. */
  pitch: ReadonlyMap<number, number>;
  /** Whether bold tells headings from text. */
  boldIsRare: boolean;
}

const terminal = /[.!?:;…。!?]["'”’»)\]]*$/u;

export function measureTypography(pages: readonly PageUnits[]): Typography {
  const sizes = new Map<number, number>();
  const pitches = new Map<number, number[]>();
  let bold = 0;
  let letters = 0;
  for (const { pieces } of pages) {
    let previous: Line | undefined;
    for (const piece of pieces) {
      if (piece.type === "table") {
        previous = undefined;
        continue;
      }
      const { line } = piece;
      const size = sizeKey(line.size);
      sizes.set(size, (sizes.get(size) ?? 0) + line.text.length);
      letters += line.text.length;
      if (line.bold) bold += line.text.length;
      if (previous !== undefined && sizeKey(previous.size) === size) {
        const distance = line.baseline - previous.baseline;
        if (distance > line.size * 0.7 && distance < line.size * 3) pitches.set(size, [...(pitches.get(size) ?? []).slice(-400), distance]);
      }
      previous = line;
    }
  }
  const pitch = new Map<number, number>();
  for (const [size, distances] of pitches) {
    const sorted = distances.sort((left, right) => left - right);
    pitch.set(size, Math.min(sorted[sorted.length >> 2] ?? size * 1.2, size * 2));
  }
  return { bodySize: mostCommon(sizes) ?? 10, pitch, boldIsRare: bold < letters * 0.4 };
}

export function sizeKey(size: number): number {
  return Math.round(size * 2) / 2;
}

/** Gathers lines into paragraphs, list items and code, and joins what a column or page break tore apart. */
export function buildUnits(pages: readonly PageUnits[], typography: Typography): Unit[] {
  const units: Unit[] = [];
  let flow = 0;
  let previous: PlacedLine | undefined;
  for (const { page, angle, pieces } of pages) {
    flow += 1;
    for (const piece of pieces) {
      if (piece.type === "table") {
        units.push({ type: "table", table: piece.table, page, angle });
        previous = undefined;
        continue;
      }
      const jumped = previous === undefined || previous.page !== page || previous.angle !== angle || jumps(previous, piece.line);
      if (jumped) flow += 1;
      const line: PlacedLine = { ...piece.line, page, angle, flow };
      const unit = units.at(-1);
      const joins =
        unit !== undefined &&
        unit.type === "text" &&
        previous !== undefined &&
        (previous.flow === flow ? continues(unit, previous, line, typography) : continuesAcross(unit, previous, line, typography));
      if (joins && unit?.type === "text") unit.lines.push(line);
      else units.push({ type: "text", lines: [line], mark: markOf(line, units.at(-1)), monospace: line.monospace });
      previous = line;
    }
  }
  return units;
}

/** The next line stands higher, or in another column. */
function jumps(previous: Line, line: Line): boolean {
  return line.baseline < previous.baseline - previous.size * 0.5 || line.left > previous.columnRight || line.right < previous.columnLeft;
}

function markOf(line: Line, before: Unit | undefined): "bullet" | "number" | null {
  if (bulletPattern.test(line.text) && line.text.length > 1) return "bullet";
  if (!numberPattern.test(line.text)) return null;
  // Single letters start sentences ("A. Smith") more often than lists, unless a list is running.
  if (/^\(?\d/u.test(line.text) || line.text.startsWith("(") || /^[a-z]\)/u.test(line.text)) return "number";
  return before?.type === "text" && before.mark === "number" ? "number" : null;
}

function continues(unit: TextUnit, previous: PlacedLine, line: PlacedLine, typography: Typography): boolean {
  const distance = line.baseline - previous.baseline;
  const pitch = typography.pitch.get(sizeKey(line.size));
  if (unit.monospace || line.monospace) return unit.monospace && line.monospace && distance < (pitch ?? line.size * 1.25) * 2.3;
  if (!sameStyle(previous, line)) return false;
  const heading = line.size > typography.bodySize * 1.25;
  if (distance > (pitch ?? line.size * 1.3) * (heading ? 1.5 : 1.28) + 0.5) return false;
  if (isContentsLine(previous) || isContentsLine(line)) return false;
  if (startsItem(unit, previous, line)) return false;
  return heading || !(leavesItem(unit, previous, line) || startsParagraph(unit, previous, line) || leavesRoom(previous, line));
}

/** The line has a mark of its own, which is not a number that merely begins a line. */
function startsItem(unit: TextUnit, previous: PlacedLine, line: PlacedLine): boolean {
  if (markOf(line, unit) === null) return false;
  return unit.mark !== null || terminal.test(previous.text) || !numberPattern.test(line.text);
}

/** After an item: the line stands left of it, or at its mark although the item's sentence has ended. */
function leavesItem(unit: TextUnit, previous: PlacedLine, line: PlacedLine): boolean {
  if (unit.mark === null) return false;
  const first = unit.lines[0] ?? previous;
  const tolerance = line.size * 0.3;
  return line.left < first.left - tolerance || (Math.abs(line.left - first.left) < tolerance && terminal.test(previous.text));
}

/** An indented line after a sentence's end, where the paragraph so far has no hanging indent. */
function startsParagraph(unit: TextUnit, previous: PlacedLine, line: PlacedLine): boolean {
  const em = line.size;
  const indented = line.left > previous.left + em * 0.7 && line.left > line.columnLeft + em * 0.7;
  if (unit.mark !== null || !indented || !terminal.test(previous.text)) return false;
  return unit.lines.length > 1 || previous.right < previous.columnRight - em * 2;
}

/** A word that would have fitted was put on a new line on purpose. */
function leavesRoom(previous: PlacedLine, line: PlacedLine): boolean {
  const width = previous.columnRight - previous.columnLeft;
  const letter = (previous.right - previous.left) / Math.max(1, previous.text.length);
  const firstWord = (line.text.split(" ", 1)[0] ?? "").length + 1;
  const room = previous.columnRight - previous.right - firstWord * letter;
  const onPurpose = room > width * 0.12 + line.size && (room > width * 0.3 || terminal.test(previous.text));
  return onPurpose && /^[\p{Lu}\p{Lo}\d"“(]/u.test(line.text) && !line.rightToLeft;
}

/** Whether a paragraph goes on after a column or page break. */
function continuesAcross(unit: TextUnit, previous: PlacedLine, line: PlacedLine, typography: Typography): boolean {
  if (unit.monospace || line.monospace || previous.angle !== line.angle || !sameStyle(previous, line)) return false;
  if (line.size > typography.bodySize * 1.1 || markOf(line, unit) !== null) return false;
  // A block names one page: it may reach into the next, and no further.
  if (line.page - (unit.lines[0]?.page ?? line.page) > 1) return false;
  if (terminal.test(previous.text)) return false;
  if (/^[\p{Ll}]/u.test(line.text) || endsHyphenated(previous.text)) return true;
  const full = previous.right > previous.columnRight - (previous.columnRight - previous.columnLeft) * 0.12;
  return full && unit.lines.length > 1 && !previous.bold && line.left < line.columnLeft + line.size * 0.7;
}

function sameStyle(one: Line, other: Line): boolean {
  const ratio = one.size / other.size;
  return ratio > 0.91 && ratio < 1.1 && one.bold === other.bold;
}

export function isContentsLine(line: { text: string }): boolean {
  return /(?:\.\s?){4,}\s*\d*$/u.test(line.text);
}

function endsHyphenated(text: string): boolean {
  return /\p{L}[-\u00AD\u2010]$/u.test(text);
}

/** Words of the document, lower case, as far as they stand within lines: they decide whether a hyphen at a line end stays. */
export function collectWords(units: readonly Unit[]): Set<string> {
  const words = new Set<string>();
  for (const unit of units) {
    if (unit.type !== "text") continue;
    for (const line of unit.lines) {
      for (const match of line.text.matchAll(/\p{L}+(?:-\p{L}+)*(?=[\s.,;:!?)\]]|$)/gu)) words.add(match[0].toLowerCase());
    }
  }
  return words;
}

/** The lines as one text: hyphenated words joined, soft hyphens gone, no space between CJK lines. */
export function joinLines(lines: readonly string[], words: ReadonlySet<string>): string {
  let text = "";
  for (const line of lines) {
    if (text === "") text = line;
    else if (text.endsWith("\u00AD")) text = text.slice(0, -1) + line;
    else if (/\p{L}[-\u2010]$/u.test(text) && /^\p{L}/u.test(line)) {
      const head = /[\p{L}-]*\p{L}(?=[-\u2010]$)/u.exec(text)?.[0] ?? "";
      const tail = /^[\p{L}-]*/u.exec(line)?.[0] ?? "";
      text = keepsHyphen(head, tail, words) ? text + line : text.slice(0, -1) + line;
    } else if (
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}、。]$/u.test(text) &&
      /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(line)
    ) {
      text += line;
    } else text += ` ${line}`;
  }
  return text.replaceAll("\u00AD", "");
}

function keepsHyphen(head: string, tail: string, words: ReadonlySet<string>): boolean {
  const whole = `${head}${tail}`.toLowerCase();
  const hyphenated = `${head}-${tail}`.toLowerCase();
  if (words.has(hyphenated)) return true;
  if (words.has(whole)) return false;
  // Names and numbers in capitals keep it: "COVID-", "Baden-Württemberg".
  return /^\p{Lu}/u.test(tail) || head.includes("-");
}
