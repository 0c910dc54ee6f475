import { canonicalText, FootnoteError } from "@footnote/core";
import type { EvalCase, Split } from "./eval-case.ts";
import { checkDistinct, type EvalDataset } from "./eval-dataset.ts";
import { uniqueQuote } from "./locate-quote.ts";
import { isRecord, wrongField } from "./read-json-lines.ts";

/**
 * A SQuAD file, version 1.1 or 2.0 (Rajpurkar et al. 2016, arXiv 1606.05250; 2018, arXiv 1806.03822). Every paragraph is a document
 * named `<title>_<number>`, counted within its article; the annotators' answers to a question are alternatives of one part, each a quote widened until it
 * stands once in its paragraph; the most frequent is the reference answer. `is_impossible` becomes unanswerable. Questions lie in
 * the split that the caller names. Throws `invalid_request` with the path of the field that is wrong.
 */
export function readSquad(json: string, options: { name?: string; split?: Split } = {}): Required<EvalDataset> {
  const { name = "the SQuAD file", split = "test" } = options;
  let file: unknown;
  try {
    file = JSON.parse(json);
  } catch {
    throw new FootnoteError("invalid_request", `${name} is not JSON; repair the file.`);
  }
  const documents: Required<EvalDataset>["documents"] = [];
  const cases: EvalCase[] = [];
  const numbers = new Map<string, number>();
  for (const [a, article] of field(file, "data", name).entries()) {
    const inArticle = `data[${a}]`;
    const title = isRecord(article) && typeof article["title"] === "string" ? article["title"] : "untitled";
    for (const [p, paragraph] of field(article, "paragraphs", name, inArticle).entries()) {
      const at = `${inArticle}.paragraphs[${p}]`;
      if (!isRecord(paragraph) || typeof paragraph["context"] !== "string") throw wrongField(name, `${at}.context`, "a text");
      const given = paragraph["context"];
      const number = numbers.get(title) ?? 0;
      numbers.set(title, number + 1);
      const document = { id: `${title}_${number}`, title: title.replaceAll("_", " "), text: canonicalText(given) };
      documents.push(document);
      for (const [q, question] of field(paragraph, "qas", name, at).entries()) {
        cases.push(readQuestion(question, { document, given, split, name, at: `${at}.qas[${q}]` }));
      }
    }
  }
  checkDistinct(cases, name);
  return { name, cases, documents };
}

function readQuestion(
  question: unknown,
  place: { document: { id: string; text: string }; given: string; split: Split; name: string; at: string },
): EvalCase {
  const { document, given, split, name, at } = place;
  if (!isRecord(question) || typeof question["id"] !== "string" || typeof question["question"] !== "string") {
    throw wrongField(name, at, "an object with the texts id and question");
  }
  const asked = { id: question["id"], question: question["question"].trim() };
  if (question["is_impossible"] === true) return { ...asked, answerable: false, tags: ["unanswerable"], split, spans: [] };
  const answers = field(question, "answers", name, at).map((row, i) => answerOf(row, name, `${at}.answers[${i}]`));
  if (answers.length === 0) throw wrongField(name, `${at}.answers`, "one answer at least, or is_impossible true");
  const quotes = new Set(answers.map((answer) => quoteOf({ ...answer, given, text: document.text, name, at })));
  return {
    ...asked,
    answerable: true,
    tags: ["single-fact"],
    split,
    referenceAnswer: mostFrequent(answers.map(({ answer }) => answer)),
    spans: [...quotes].map((quote) => ({ document: document.id, quote })),
  };
}

function field(value: unknown, key: string, name: string, path = ""): unknown[] {
  const found = isRecord(value) ? value[key] : undefined;
  if (Array.isArray(found)) return found;
  throw wrongField(name, path === "" ? key : `${path}.${key}`, "a list");
}

function answerOf(row: unknown, name: string, at: string): { answer: string; start: number } {
  if (isRecord(row) && typeof row["text"] === "string" && row["text"] !== "" && typeof row["answer_start"] === "number") {
    return { answer: row["text"], start: row["answer_start"] };
  }
  throw wrongField(name, at, "an object with text and answer_start");
}

/** Offsets of SQuAD count code points; ours count UTF-16 code units of the canonical text. */
function quoteOf(options: { given: string; text: string; answer: string; start: number; name: string; at: string }): string {
  const { given, text, answer, start, name, at } = options;
  const before = [...given].slice(0, start).join("");
  const from = given.startsWith(answer, before.length) ? before.length : given.startsWith(answer, start) ? start : -1;
  if (from === -1) throw wrongField(name, `${at}.answers`, "texts that stand in the context at their answer_start");
  const shifted = canonicalText(given.slice(0, from)).length;
  return uniqueQuote(text, { start: shifted, end: shifted + canonicalText(answer).length });
}

function mostFrequent(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}
