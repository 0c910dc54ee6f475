import type { AnswerEvent, Citation, Claim, ClaimSupport, ModelSource, Span } from "@footnote/core";
import { foldText } from "@footnote/core";
import { judgeSupport } from "./claim-support.ts";
import type { GatedSentence } from "./sentence-gate.ts";
import { alignSentence } from "./source-alignment.ts";
import type { TermsOf } from "./terms.ts";

interface Quote {
  source: ModelSource;
  sourceSpan: Span;
}

/** An extractive model's quote as it came. */
export interface QuotedSentence {
  text: string;
  marker: number;
  sourceSpan: Span;
}

/** What an answer has said so far, and the only place where its text, footnotes and claims are made, so that they always agree. */
export interface AnswerBuilder {
  readonly text: string;
  readonly citations: readonly Citation[];
  readonly claims: readonly Claim[];
  /** Markers that named no source, and quotes that do not stand where they were said to. */
  readonly dropped: { markers: number; quotes: number };
  /** A sentence that a generative model wrote: aligned to the sources it cites, or to all when it cites none. */
  addSentence(sentence: GatedSentence): AnswerEvent[];
  /** A sentence that an extractive model quoted: checked against the source's text; nothing when it does not stand there. */
  addQuote(quote: QuotedSentence): AnswerEvent[];
  /** A plain sentence of our own, which claims nothing about the documents' content. */
  addNotice(text: string): AnswerEvent[];
}

/**
 * `[7]` in a document, apart from a word: in the answer's text it would pass for one of our footnotes. `list[7]` is left alone.
 */
const looksLikeMarker = /(?:(?<=\S)[ \t]+|(?<![^\s.,;:!?)\]]))\[\s*\d{1,4}(?:\s*[,;]\s*\d{1,4})*\s*\](?!\()/gu;

export function createAnswerBuilder(options: { sources: readonly ModelSource[]; terms: TermsOf }): AnswerBuilder {
  const { sources, terms } = options;
  const byMarker = new Map(sources.map((source) => [source.marker, source]));
  const shown = new Map<string, number>();
  const citations: Citation[] = [];
  const claims: Claim[] = [];
  const dropped = { markers: 0, quotes: 0 };
  let text = "";

  function append(sentence: string, separator: string, quotes: readonly Quote[], support: ClaimSupport): AnswerEvent[] {
    const lead = text === "" ? "" : separator;
    const answerSpan = { start: text.length + lead.length, end: text.length + lead.length + sentence.length };
    const made: Citation[] = [];
    const seen = new Set<string>();
    for (const { source, sourceSpan } of quotes) {
      const { chunk } = source.hit;
      const key = `${chunk.id}:${sourceSpan.start}-${sourceSpan.end}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const marker = shown.get(chunk.id) ?? shown.size + 1;
      shown.set(chunk.id, marker);
      made.push({
        id: `c${citations.length + made.length + 1}`,
        marker,
        answerSpan: { ...answerSpan },
        source: {
          documentId: chunk.documentId,
          versionId: chunk.versionId,
          chunkId: chunk.id,
          title: chunk.title,
          ...(chunk.url === undefined ? {} : { url: chunk.url }),
          ...(chunk.page === undefined ? {} : { page: chunk.page }),
          ...(chunk.boxes === undefined ? {} : { boxes: chunk.boxes }),
        },
        sourceSpan,
        quote: chunk.text.slice(sourceSpan.start - chunk.start, sourceSpan.end - chunk.start),
        verification: "exact",
      });
    }
    const markers = [...new Set(made.map(({ marker }) => marker))].map((marker) => `[${marker}]`).join("");
    const delta = `${lead}${sentence}${markers === "" ? "" : ` ${markers}`}`;
    text += delta;
    citations.push(...made);
    const claim: Claim = { answerSpan, support };
    claims.push(claim);
    return [
      { type: "text-delta", text: delta },
      ...made.map((citation): AnswerEvent => ({ type: "citation", ...citation })),
      { type: "claim", ...claim },
    ];
  }

  return {
    get text() {
      return text;
    },
    citations,
    claims,
    dropped,
    addSentence({ text: sentence, markers, separator }) {
      const cited: ModelSource[] = [];
      for (const marker of markers) {
        const source = byMarker.get(marker);
        if (source) cited.push(source);
        else dropped.markers += 1;
      }
      const aligned = alignSentence({ sentence, sources: cited.length > 0 ? cited : sources, terms });
      const support = judgeSupport({
        sentence,
        quotes: aligned.map(({ unit, source }) => ({ text: unit.text, context: contextOf(source) })),
        terms,
      });
      // A footnote that the model did not set is added only when it bears the whole sentence.
      const usable = cited.length > 0 || support === "supported" ? aligned : [];
      const quotes = usable.map(({ source, unit }) => ({ source, sourceSpan: { start: unit.start, end: unit.end } }));
      return append(sentence, separator, quotes, usable.length > 0 ? support : "unsupported");
    },
    addQuote({ text: quoted, marker, sourceSpan }) {
      const source = byMarker.get(marker);
      const chunk = source?.hit.chunk;
      const inside =
        chunk !== undefined && sourceSpan.start >= chunk.start && sourceSpan.end <= chunk.end && sourceSpan.start < sourceSpan.end;
      const actual = inside ? chunk.text.slice(sourceSpan.start - chunk.start, sourceSpan.end - chunk.start) : "";
      if (source === undefined || actual.trim() === "" || !actual.isWellFormed() || foldText(actual) !== foldText(quoted)) {
        dropped.quotes += 1;
        return [];
      }
      const unmarked = quoted.replace(looksLikeMarker, () => {
        dropped.markers += 1;
        return "";
      });
      // A quote of nothing but such numbers stays as it is: there is nothing else to show.
      const shownText = /[\p{L}\p{N}]/u.test(unmarked) ? unmarked : quoted;
      const sentence = shownText.replace(/\s*\n\s*/gu, " ").trim();
      const separator = /^(?:[-*+•]\s|\d{1,3}[.)]\s)|\|/u.test(sentence) ? "\n" : " ";
      return append(sentence, separator, [{ source, sourceSpan: { start: sourceSpan.start, end: sourceSpan.end } }], "supported");
    },
    addNotice(notice) {
      const delta = text === "" ? notice : ` ${notice}`;
      text += delta;
      return [{ type: "text-delta", text: delta }];
    },
  };
}

function contextOf(source: ModelSource): string {
  const { title, headingPath } = source.hit.chunk;
  return [title ?? "", ...headingPath].join("\n");
}
