import type { Run } from "./page-runs.ts";

/** Text on one baseline without a wide gap. `top` and `bottom` bound its letters. */
export interface Segment {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
  baseline: number;
  /** Size of most of its letters. */
  size: number;
  /** Whether most of its letters are bold. */
  bold: boolean;
  /** Whether every run is of a monospaced font. */
  monospace: boolean;
  rightToLeft: boolean;
}

/** Segments on one baseline, from left to right. */
export interface Row {
  segments: Segment[];
  baseline: number;
  size: number;
}

/** A gap of this many ems ends a segment: wider than a stretched word space, narrower than a gutter. */
const segmentGap = 0.95;
/** A gap of this many ems is a word space where the file has none. */
const wordGap = 0.16;
/** Marks that stand before a list item. */
export const bulletPattern = /^(?:[•‣◦▪▫●○■□–—*·➢➤✓✔►▶\u{F0B7}\u{F0A7}\u{F02D}\uF0D8-]|o(?=\s|$))(?:\s+|$)/u;
export const numberPattern = /^(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxlcdm]{1,6})[.)])(?:\s+|$)/u;

/** Groups runs into rows by baseline; small raised or lowered text joins its row. */
export function buildRows(runs: readonly Run[]): Row[] {
  const sorted = [...runs].sort((left, right) => left.v - right.v || left.u - right.u);
  const rows: RunRow[] = [];
  for (const run of sorted) {
    let home: RunRow | undefined;
    for (let index = rows.length - 1; index >= 0 && index >= rows.length - 4; index -= 1) {
      const row = rows[index];
      if (row === undefined) break;
      if (run.v - row.baseline > Math.min(run.size, row.size) * 0.28) continue;
      home = row;
      break;
    }
    if (home === undefined) {
      rows.push({ runs: [run], baseline: run.v, size: run.size });
      continue;
    }
    home.runs.push(run);
    if (run.size > home.size * 1.2) {
      home.size = run.size;
      home.baseline = run.v;
    }
  }
  return joinRaised(rows)
    .map((row) => ({ baseline: row.baseline, size: row.size, segments: splitSegments(row.runs) }))
    .sort((left, right) => left.baseline - right.baseline);
}

interface RunRow {
  runs: Run[];
  baseline: number;
  size: number;
}

/** Moves superscripts and subscripts into the row whose text they touch. */
function joinRaised(rows: readonly RunRow[]): RunRow[] {
  for (const [index, row] of rows.entries()) {
    row.runs = row.runs.filter((run) => {
      for (let near = Math.max(0, index - 3); near <= index + 3 && near < rows.length; near += 1) {
        const other = rows[near];
        if (other === undefined || near === index || run.size > other.size * 0.82) continue;
        const close = Math.abs(other.baseline - run.v) < other.size * 0.5;
        const beside = other.runs.filter((candidate) => candidate.size > run.size * 1.2);
        if (!close || !touches(beside, run, other.size * 0.3)) continue;
        other.runs.push(run);
        return false;
      }
      return true;
    });
  }
  return rows.filter((row) => row.runs.length > 0);
}

function touches(runs: readonly Run[], run: Run, distance: number): boolean {
  return runs.some((other) => run.u <= other.u + other.width + distance && other.u <= run.u + run.width + distance);
}

function splitSegments(runs: readonly Run[]): Segment[] {
  const sorted = [...runs].sort((left, right) => left.u - right.u);
  const groups: Run[][] = [];
  let right = 0;
  for (const run of sorted) {
    const group = groups.at(-1);
    const previous = group?.at(-1);
    const gap = run.u - right;
    const afterMark =
      group !== undefined && group.length === 1 && previous !== undefined && isMark(previous.text) && gap < Math.max(run.size * 3, 20);
    if (group === undefined || previous === undefined || (gap > Math.max(run.size, previous.size) * segmentGap && !afterMark)) {
      groups.push([run]);
      right = run.u + run.width;
    } else {
      group.push(run);
      right = Math.max(right, run.u + run.width);
    }
  }
  return groups.map(joinRuns);
}

function isMark(text: string): boolean {
  const mark = text.trim();
  return mark.length <= 5 && (bulletPattern.test(mark) || numberPattern.test(mark) || /^\d+(?:\.\d+)*$/u.test(mark));
}

function joinRuns(runs: readonly Run[]): Segment {
  let letters = 0;
  let bold = 0;
  let rightToLeftLetters = 0;
  const sizes = new Map<number, number>();
  for (const run of runs) {
    const amount = run.text.trim().length;
    letters += amount;
    if (run.bold) bold += amount;
    if (run.rightToLeft) rightToLeftLetters += amount;
    const size = Math.round(run.size * 10) / 10;
    sizes.set(size, (sizes.get(size) ?? 0) + amount);
  }
  const size = mostCommon(sizes) ?? 10;
  const rightToLeft = rightToLeftLetters > letters / 2;
  const ordered = rightToLeft ? [...runs].reverse() : runs;
  let text = "";
  let previous: Run | undefined;
  for (const run of ordered) {
    if (previous !== undefined) {
      const gap = rightToLeft ? previous.u - (run.u + run.width) : run.u - (previous.u + previous.width);
      if (!text.endsWith(" ") && !run.text.startsWith(" ") && gap > Math.min(run.size, previous.size) * wordGap) text += " ";
    }
    text += run.text;
    previous = run;
  }
  const baselineRun = runs.find((run) => Math.abs(run.size - size) < 0.2) ?? runs[0];
  const baseline = baselineRun?.v ?? 0;
  return {
    text: text.replace(/\s+/gu, " ").trim(),
    left: Math.min(...runs.map((run) => run.u)),
    right: Math.max(...runs.map((run) => run.u + run.width)),
    top: baseline - size * 0.8,
    bottom: baseline + size * 0.22,
    baseline,
    size,
    bold: bold > letters * 0.6,
    monospace: runs.every((run) => run.monospace),
    rightToLeft,
  };
}

/** The key with the greatest count. */
export function mostCommon<Key>(counts: ReadonlyMap<Key, number>): Key | undefined {
  let best: Key | undefined;
  let most = -1;
  for (const [key, count] of counts) {
    if (count <= most) continue;
    best = key;
    most = count;
  }
  return best;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? 0;
}
