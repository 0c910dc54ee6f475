import { type Chunk, type Span, splitSentences } from "@footnote/core";

/** A piece of a chunk that can be quoted alone. Offsets count in the version's canonical text. */
export interface SourceUnit extends Span {
  text: string;
  /** `row`: cells of a table, unreadable without its header. `line`: code. `heading`: a title, which answers nothing alone. */
  kind: "sentence" | "row" | "line" | "heading";
}

const row = /^\s*\|.*\|\s*$|\S\s+\|\s+\S|\S\t+\S/u;
const codeLine = /^(?: {4,}|\t)\S|[{};]\s*$|^\s*(?:const|let|var|def|fn|func|return|import|from|class|if|for|while)\b.*[(:{=;]/u;
const fence = /^\s*(?:```|~~~)/u;
const rule = /^[\s|:=_*-]+$/u;

/** Sentences, table rows, list items and code lines of a chunk, in order; nothing else of it can be quoted. */
export function sourceUnits(chunk: Pick<Chunk, "text" | "start" | "headingPath">, options: { language?: string } = {}): SourceUnit[] {
  const { text } = chunk;
  const units: SourceUnit[] = [];
  let proseStart = 0;
  let inFence = false;
  const prose = (end: number) => {
    if (end <= proseStart) return;
    for (const span of splitSentences(text.slice(proseStart, end), options)) {
      const from = proseStart + span.start;
      const to = proseStart + span.end;
      const sentence = text.slice(from, to);
      const kind = isHeading(sentence, chunk.headingPath) ? "heading" : "sentence";
      if (/[\p{L}\p{N}]/u.test(sentence)) units.push({ text: sentence, start: chunk.start + from, end: chunk.start + to, kind });
    }
  };
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end);
    const isFence = fence.test(line);
    const kind = isFence || rule.test(line) ? "none" : inFence || codeLine.test(line) ? "line" : row.test(line) ? "row" : "prose";
    if (isFence) inFence = !inFence;
    if (kind !== "prose") {
      prose(at);
      proseStart = end + 1;
      const trimmed = line.trim();
      if (kind !== "none" && trimmed !== "") {
        const from = chunk.start + at + line.indexOf(trimmed);
        units.push({ text: trimmed, start: from, end: from + trimmed.length, kind });
      }
    }
    at = end + 1;
  }
  prose(text.length);
  return units;
}

function isHeading(sentence: string, headingPath: readonly string[]): boolean {
  if (/^#{1,6}\s/u.test(sentence)) return true;
  return headingPath.includes(sentence.trim());
}
