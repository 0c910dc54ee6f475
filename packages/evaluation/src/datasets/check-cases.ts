import type { Span } from "@footnote/core";
import { locateQuote } from "./locate-quote.ts";
import type { EvalCase } from "./eval-case.ts";
import { askedQuestion, asksTheSame } from "./similar-questions.ts";

export interface CheckOptions {
  cases: readonly EvalCase[];
  /** Canonical text of every document by external id, as the product's parsers read it. */
  documents: ReadonlyMap<string, string>;
  /** Train and test questions that are at least so similar (trigram Jaccard) are the same question twice. Default 0.7. */
  nearDuplicate?: number;
  /** A tag of at least `from` cases has between `least` and `most` of them in train. Default: 10, 0.2, 0.5. Judged only where there is a train split. */
  strata?: { from: number; least: number; most: number };
}

export interface CaseCheck {
  /** One sentence each, with the case's id; none of them shows a question or a quote. Empty when the set is sound. */
  problems: string[];
  /** Most frequent first. */
  tags: { tag: string; train: number; test: number }[];
  documents: number;
}

/** Whether a golden set is what it says: places that exist, splits that do not leak into one another, tags that both hold. */
export function checkCases(options: CheckOptions): CaseCheck {
  const { cases, documents } = options;
  const places = new Map(cases.map((row) => [row, locatePlaces(row, documents)]));
  const problems = [
    ...repeatedIds(cases),
    ...cases.flatMap((row) => fieldProblems(row).concat(places.get(row)?.problems ?? [])),
    ...leaks(cases, (row) => places.get(row)?.found ?? []),
    ...nearDuplicates(cases, options.nearDuplicate ?? 0.7),
  ];
  const tags = countTags(cases);
  if (cases.some(({ split }) => split === "train")) {
    const { from, least, most } = options.strata ?? { from: 10, least: 0.2, most: 0.5 };
    for (const { tag, train, test } of tags) {
      const share = train / (train + test);
      if (train + test >= from && (share < least || share > most)) {
        problems.push(`The tag ${tag} has ${train} of ${train + test} cases in train; move some to the other split.`);
      }
    }
  }
  return { problems, tags, documents: new Set(cases.flatMap(({ spans }) => spans.map(({ document }) => document))).size };
}

type Place = Span & { document: string };

function locatePlaces({ id, spans }: EvalCase, documents: ReadonlyMap<string, string>): { found: Place[]; problems: string[] } {
  const found: Place[] = [];
  const problems: string[] = [];
  for (const [index, { document, quote }] of spans.entries()) {
    const text = documents.get(document);
    if (text === undefined) {
      problems.push(`${id}: span ${index + 1} names the document ${document}, which is not there.`);
      continue;
    }
    const place = locateQuote(text, quote);
    if (place === null) problems.push(`${id}: the quote of span ${index + 1} does not stand exactly once in ${document}.`);
    else if (text.slice(place.start, place.end) !== quote) {
      problems.push(`${id}: the quote of span ${index + 1} differs from ${document} in white space.`);
    } else found.push({ document, ...place });
  }
  return { found, problems };
}

function repeatedIds(cases: readonly EvalCase[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { id } of cases) (seen.has(id) ? twice : seen).add(id);
  return [...twice].map((id) => `${id}: more than one case has this id.`);
}

function fieldProblems({ id, answerable, spans, tags, history, referenceAnswer }: EvalCase): string[] {
  const problems: string[] = [];
  if (answerable !== spans.length > 0) problems.push(`${id}: an answerable case has spans, an unanswerable one has none.`);
  if (answerable && referenceAnswer === undefined) problems.push(`${id}: an answerable case has a referenceAnswer.`);
  if (tags.length === 0) problems.push(`${id}: a case has at least one tag.`);
  if (answerable === tags.includes("unanswerable")) problems.push(`${id}: the tag unanswerable says the same as answerable.`);
  if ((history !== undefined) !== tags.includes("follow-up"))
    problems.push(`${id}: a case with history is tagged follow-up, and only such a one.`);
  const parts = new Set(spans.map(({ part = 1 }) => part));
  for (let part = 1; part <= parts.size; part++) if (!parts.has(part)) problems.push(`${id}: parts are counted from 1 without a gap.`);
  return problems;
}

/** A place that a train case shows would be seen before the test. */
function leaks(cases: readonly EvalCase[], placesOf: (row: EvalCase) => readonly Place[]): string[] {
  const problems: string[] = [];
  const test = cases.filter(({ split }) => split === "test");
  for (const row of cases) {
    if (row.split !== "train") continue;
    const own = placesOf(row);
    const other = test.find((candidate) =>
      placesOf(candidate).some((a) => own.some((b) => a.document === b.document && a.start < b.end && b.start < a.end)),
    );
    if (other) problems.push(`${row.id}: a train case shares a place with ${other.id} of test.`);
  }
  return problems;
}

function nearDuplicates(cases: readonly EvalCase[], limit: number): string[] {
  const asked = cases.map((row) => ({ row, asked: askedQuestion(row) }));
  const test = asked.filter(({ row }) => row.split === "test");
  return asked
    .filter(({ row }) => row.split === "train")
    .flatMap(({ row, asked: own }) =>
      test
        .filter((other) => asksTheSame(own, other.asked, limit))
        .map((other) => `${row.id}: a train case asks nearly what ${other.row.id} of test asks.`),
    );
}

function countTags(cases: readonly EvalCase[]): CaseCheck["tags"] {
  const counts = new Map<string, { tag: string; train: number; test: number }>();
  for (const { tags, split } of cases) {
    for (const tag of new Set(tags)) {
      const count = counts.get(tag) ?? { tag, train: 0, test: 0 };
      count[split] += 1;
      counts.set(tag, count);
    }
  }
  return [...counts.values()].toSorted((a, b) => b.train + b.test - a.train - a.test || (a.tag < b.tag ? -1 : 1));
}
