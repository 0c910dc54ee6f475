import { splitSentences } from "@footnote/core";
import { locateQuote } from "../datasets/locate-quote.ts";
import type { EvalCase } from "../datasets/eval-case.ts";
import type { BootstrapDocument } from "./bootstrap-document.ts";
import { type ProposedCase, proposalId, splitOfPlace } from "./proposed-case.ts";
import { questionOfSentence } from "./question-of-sentence.ts";
import { spread } from "./spread.ts";
import { findTables } from "./table-rows.ts";

interface Phrases {
  cell(column: string, row: string): string;
  about(title: string, heading: string): string;
}

const phrases: Record<string, Phrases> = {
  en: {
    cell: (column, row) =>
      /^(?:what|how|when|where|who|why|which)\b/iu.test(column)
        ? `${row}: ${lowered(column)}?`
        : `What is the ${lowered(column)} of ${row}?`,
    about: (title, heading) => `What does “${title}” say about “${heading}”?`,
  },
  de: {
    cell: (column, row) => `Was steht unter „${column}“ bei ${row}?`,
    about: (title, heading) => `Was steht in „${title}“ über „${heading}“?`,
  },
  fr: {
    cell: (column, row) => `Qu'est-ce qui est indiqué sous « ${column} » pour ${row} ?`,
    about: (title, heading) => `Que dit « ${title} » sur « ${heading} » ?`,
  },
  es: {
    cell: (column, row) => `¿Qué figura en «${column}» para ${row}?`,
    about: (title, heading) => `¿Qué dice «${title}» sobre «${heading}»?`,
  },
};

/** Rows of one table that are asked for; a price list would drown everything else. */
const rowsOfTable = 6;
/** Of one document: each has to be looked for in its whole text. */
const mostOfAKind = 200;
const longestHeading = 80;

/**
 * Questions without a model: definitions and sentences with numbers, dates and times (English), table rows and headings (English,
 * German, French, Spanish). Every span is exact and stands once; documents in other languages give none. Documents are taken in the
 * order given, and each gives everything that its templates find: choose with `selectProposals`.
 */
export function proposeByTemplate(documents: readonly BootstrapDocument[]): ProposedCase[] {
  const corpus = documents.map(({ text }) => text).join("\n");
  return documents.flatMap((document) => {
    const language = document.language ?? "en";
    const known = phrases[language];
    if (!known) return [];
    const found = [...fromSentences(document, language), ...fromTables(document, known, corpus)];
    return [...found, ...fromHeadings(document, known, language)];
  });
}

function fromSentences(document: BootstrapDocument, language: string): ProposedCase[] {
  if (language !== "en") return [];
  const made = splitSentences(document.text, { language }).flatMap(({ start, end }) => {
    const sentence = document.text.slice(start, end);
    const question = questionOfSentence(sentence);
    return question ? [{ sentence, ...question }] : [];
  });
  return spread(made, mostOfAKind).flatMap(({ sentence, template, question }) =>
    answerable({ document, quote: sentence, answer: sentence, tags: [tagOf(template)], question, template }),
  );
}

const tagOf = (template: string) => (template === "definition" ? "definition" : "single-fact");

function fromTables(document: BootstrapDocument, { cell }: Phrases, corpus: string): ProposedCase[] {
  return spread(findTables(document.text), Math.ceil(mostOfAKind / rowsOfTable)).flatMap(({ header, rows }) => {
    const named = rows.filter(({ cells: [name = ""] }) => name !== "" && rows.filter((row) => row.cells[0] === name).length === 1);
    const step = Math.max(1, Math.ceil(named.length / rowsOfTable));
    const proposals = named
      .filter((_row, at) => at % step === 0)
      .flatMap(({ cells, line }, at) => {
        const column = 1 + (at % (header.length - 1));
        const [name = ""] = cells;
        const value = cells[column] ?? "";
        if (value === "") return [];
        const question = cell(header[column] ?? "", rowName(header[0] ?? "", name));
        return answerable({ document, quote: line, answer: value, question, tags: ["table"], template: "table-row" });
      });
    const missing = absentRow(
      named.map(({ cells }) => cells[0] ?? ""),
      corpus,
    );
    if (missing === null) return proposals;
    return [...proposals, unanswerable(document, cell(header[1] ?? "", rowName(header[0] ?? "", missing)))];
  });
}

/** A number alone is no name: "status 401". */
const rowName = (column: string, name: string) => (/^[\d\s.,–-]+$/u.test(name) ? `${lowered(column)} ${name}` : name);

/** A row name of the table's own kind that no document holds: the last number counted on. Null where the names have none. */
function absentRow(names: readonly string[], corpus: string): string | null {
  const numbered = names.findLast((name) => /\d$/u.test(name) && !/ to |–/u.test(name));
  if (numbered === undefined) return null;
  const [digits = ""] = /\d+$/u.exec(numbered) ?? [];
  const stem = numbered.slice(0, -digits.length);
  for (let number = Number(digits) + 1; number < Number(digits) + 50; number++) {
    const name = `${stem}${String(number).padStart(digits.length, "0")}`;
    if (!corpus.includes(name)) return name;
  }
  return null;
}

function fromHeadings(document: BootstrapDocument, { about }: Phrases, language: string): ProposedCase[] {
  const { title, text, sections } = document;
  const seen = new Set<string>();
  return sections.flatMap(({ headingPath, start, end }) => {
    const heading = headingPath[headingPath.length - 1];
    if (title === null || heading === undefined || heading === title || heading.length > longestHeading) return [];
    if (seen.has(heading) || seen.size >= mostOfAKind) return [];
    seen.add(heading);
    const body = text.slice(start, end);
    // The chunk may begin with the heading itself.
    const first = splitSentences(body, { language })
      .map((span) => body.slice(span.start, span.end))
      .find((sentence) => sentence !== heading && sentence.length >= 20 && !sentence.includes(" | "));
    if (first === undefined) return [];
    return answerable({ document, quote: first, answer: first, question: about(title, heading), tags: ["overview"], template: "heading" });
  });
}

function answerable(made: {
  document: BootstrapDocument;
  quote: string;
  answer: string;
  question: string;
  tags: string[];
  template: string;
}): ProposedCase[] {
  const { document, quote, answer, question, tags, template } = made;
  const place = locateQuote(document.text, quote);
  if (place === null || document.text.slice(place.start, place.end) !== quote) return [];
  const where = `${document.id}\n${quote}`;
  return [
    propose(template, {
      id: proposalId(question, where),
      question,
      answerable: true,
      tags,
      split: splitOfPlace(where),
      ...languageOf(document),
      referenceAnswer: answer,
      spans: [{ document: document.id, quote }],
    }),
  ];
}

function unanswerable(document: BootstrapDocument, question: string): ProposedCase {
  return propose("absent-row", {
    id: proposalId(question, document.id),
    question,
    answerable: false,
    tags: ["unanswerable", "near-miss"],
    split: splitOfPlace(question),
    ...languageOf(document),
    spans: [],
  });
}

const propose = (template: string, row: EvalCase): ProposedCase => ({ reviewed: false, origin: { type: "template", template }, case: row });
const languageOf = ({ language }: BootstrapDocument) => (language === null || language === undefined ? {} : { language });
const lowered = (word: string) => (/^\p{Lu}\p{Ll}/u.test(word) ? word.charAt(0).toLowerCase() + word.slice(1) : word);
