/** Over- and underlines of titles, transitions, quote marks. */
export const punctuation = /^([!-/:-@[-`{-~])\1*$/u;
export const bullet = /^([-*+•])(?: +|$)/u;
export const enumerator = /^(?:\(?(?:\d{1,9}|[A-Za-z]|[ivxlcdm]{1,9}|[IVXLCDM]{1,9}|#)[.)])(?: +|$)/u;

/** Tabs to the next multiple of 8, as docutils does. */
export function expandTabs(line: string): string {
  if (!line.includes("\t")) return line;
  let result = "";
  for (const part of line.split(/(\t)/u)) result += part === "\t" ? " ".repeat(8 - (result.length % 8)) : part;
  return result;
}

export function isEnumerated(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? "";
  if (!enumerator.test(line)) return false;
  const next = lines[at + 1] ?? "";
  return next === "" || next.startsWith(" ") || enumerator.test(next);
}

export function paragraphEnd(lines: readonly string[], at: number): number {
  let end = at + 1;
  while (end < lines.length && lines[end] !== "") end += 1;
  return end;
}

/** Tables hold no blank lines at the margin but simple ones may; 2,000 lines are looked at. */
export function tableEnd(lines: readonly string[], at: number): number {
  const line = lines[at] ?? "";
  return /^\+[-+]+\+$/u.test(line) || /^=+ +=/u.test(line) ? Math.min(lines.length, at + 2000) : at;
}

/** The lines from `at` that are indented or blank, dedented. */
export function indentedBlock(lines: readonly string[], at: number): { lines: string[]; end: number } {
  let end = at;
  while (end < lines.length && (lines[end] === "" || lines[end]?.startsWith(" ") === true)) end += 1;
  return { lines: dedent(lines.slice(at, end)), end };
}

/** An item: its first line from `skip` on, then every following line indented by at least `indent`, dedented. */
export function hangingBlock(lines: readonly string[], at: number, indent: number, skip: number): { lines: string[]; end: number } {
  let end = at + 1;
  const margin = " ".repeat(indent);
  while (end < lines.length && (lines[end] === "" || lines[end]?.startsWith(margin) === true)) end += 1;
  return { lines: [(lines[at] ?? "").slice(skip), ...dedent(lines.slice(at + 1, end))], end };
}

export function dedent(lines: readonly string[]): string[] {
  let margin = Number.POSITIVE_INFINITY;
  for (const line of lines) if (line !== "") margin = Math.min(margin, line.length - line.trimStart().length);
  return margin === 0 || margin === Number.POSITIVE_INFINITY ? [...lines] : lines.map((line) => line.slice(margin));
}

/** Over- and underlined titles. `style` names how: a style's level is its place among those of the document. */
export function titleAt(lines: readonly string[], at: number): { text: string; style: string; end: number } | null {
  const [first = "", second = "", third = ""] = lines.slice(at, at + 3);
  if (second === "") return null;
  if (punctuation.test(first)) {
    const over = first.length >= 3 && third === first && !punctuation.test(second);
    return over ? { text: second.trim(), style: `${first[0]}${first[0]}`, end: at + 3 } : null;
  }
  const under = punctuation.test(second) && second.length >= Math.min(4, first.length) && second.length >= first.length * 0.6;
  const before = lines[at - 1] ?? "";
  if (!under || (before !== "" && !punctuation.test(before))) return null;
  return { text: first.trim(), style: second[0] ?? "", end: at + 2 };
}
