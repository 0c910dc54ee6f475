import { foldText, type Citation, type Span } from "@footnote/core";

/** A question with the places that answer it. A quote stands exactly once in its document's text. */
export interface GoldenQuestion {
  id: string;
  question: string;
  answerable: boolean;
  tags: string[];
  /** Any of them answers the question. Empty for an unanswerable one. */
  spans: { document: string; quote: string }[];
}

export interface GoldenOutcome {
  id: string;
  question: string;
  answerable: boolean;
  tags: string[];
  finishReason: string;
  text: string;
  /** Answerable: a citation touches an expected span. Unanswerable: it abstained. */
  right: boolean;
  /** The first citation touches an expected span. */
  rightFirst: boolean;
  citations: number;
  /** Citations whose quote is not the text at their span. */
  falseCitations: number;
}

export interface GoldenReport {
  outcomes: GoldenOutcome[];
  answerable: { total: number; right: number; rightFirst: number };
  unanswerable: { total: number; abstained: number };
  citations: { total: number; false: number };
}

/** What is judged of an answer, in process or as it came over HTTP. */
export interface GoldenAnswer {
  text: string;
  finishReason: string;
  citations: readonly (Pick<Citation, "sourceSpan" | "quote" | "verification"> & { source: { documentId: string; versionId: string } })[];
}

export interface GoldenSetOptions {
  questions: readonly GoldenQuestion[];
  ask: (question: string, signal?: AbortSignal) => Promise<GoldenAnswer>;
  /** External id and canonical text of a version. */
  readVersion: (source: { documentId: string; versionId: string }) => Promise<{ externalId: string; text: string }>;
  log?: (outcome: GoldenOutcome) => void;
  signal?: AbortSignal;
}

/** One JSON object a line; what is wrong names its line. */
export function readGoldenQuestions(jsonLines: string): GoldenQuestion[] {
  const questions: GoldenQuestion[] = [];
  for (const [index, line] of jsonLines.split("\n").entries()) {
    if (line.trim() === "") continue;
    const row: unknown = JSON.parse(line);
    if (!isGoldenQuestion(row))
      throw new Error(`line ${index + 1} is not a golden question: it needs id, question, answerable, tags and spans`);
    if (row.answerable !== row.spans.length > 0)
      throw new Error(`line ${index + 1}: an answerable question needs spans, an unanswerable one has none`);
    questions.push(row);
  }
  return questions;
}

function isGoldenQuestion(row: unknown): row is GoldenQuestion {
  if (typeof row !== "object" || row === null) return false;
  const { id, question, answerable, tags, spans } = row as Partial<Record<keyof GoldenQuestion, unknown>>;
  return (
    typeof id === "string" && typeof question === "string" && typeof answerable === "boolean" && Array.isArray(tags) && Array.isArray(spans)
  );
}

/** Where a quote stands in a text: exactly, or up to folding of white space. Null when it is missing or stands twice. */
export function locateQuote(text: string, quote: string): Span | null {
  const pattern = quote
    .trim()
    .split(/\s+/u)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&"))
    .join("\\s+");
  const found = [...text.matchAll(new RegExp(pattern, "gu"))];
  const only = found.length === 1 ? found[0] : undefined;
  return only ? { start: only.index, end: only.index + only[0].length } : null;
}

const touches = (a: Span, b: Span) => a.start < b.end && b.start < a.end;

/** Asks every question and holds each answer's citations against the expected spans and against the stored text. */
export async function evaluateGoldenSet(options: GoldenSetOptions): Promise<GoldenReport> {
  const { questions, ask, readVersion, log, signal } = options;
  const outcomes: GoldenOutcome[] = [];
  for (const { id, question, answerable, tags, spans } of questions) {
    const answer = await ask(question, signal);
    let falseCitations = 0;
    const hits: boolean[] = [];
    for (const citation of answer.citations) {
      const { externalId, text } = await readVersion(citation.source);
      const actual = text.slice(citation.sourceSpan.start, citation.sourceSpan.end);
      const isTrue = citation.verification === "exact" ? actual === citation.quote : foldText(actual) === foldText(citation.quote);
      if (!isTrue || citation.quote.trim() === "") falseCitations += 1;
      hits.push(
        spans.some(({ document, quote }) => {
          if (document !== externalId) return false;
          const expected = locateQuote(text, quote);
          if (!expected) throw new Error(`question ${id}: its quote does not stand exactly once in ${document}`);
          return touches(expected, citation.sourceSpan);
        }),
      );
    }
    const abstained = answer.finishReason === "unsupported" && answer.citations.length === 0;
    const outcome: GoldenOutcome = {
      id,
      question,
      answerable,
      tags,
      finishReason: answer.finishReason,
      text: answer.text,
      right: answerable ? hits.some(Boolean) : abstained,
      rightFirst: answerable ? hits[0] === true : abstained,
      citations: answer.citations.length,
      falseCitations,
    };
    outcomes.push(outcome);
    log?.(outcome);
  }
  const asked = outcomes.filter((outcome) => outcome.answerable);
  const unasked = outcomes.filter((outcome) => !outcome.answerable);
  return {
    outcomes,
    answerable: { total: asked.length, right: asked.filter((o) => o.right).length, rightFirst: asked.filter((o) => o.rightFirst).length },
    unanswerable: { total: unasked.length, abstained: unasked.filter((o) => o.right).length },
    citations: {
      total: outcomes.reduce((sum, o) => sum + o.citations, 0),
      false: outcomes.reduce((sum, o) => sum + o.falseCitations, 0),
    },
  };
}
