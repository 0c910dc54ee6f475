import { canonicalJson, FootnoteError, sha256 } from "@footnote/core";
import type { EvalCase, Split } from "./eval-case.ts";
import { isRecord, readJsonLines, wrongField } from "./read-json-lines.ts";

/** Questions under a name. What they are asked about is the caller's: a collection, a folder, or `documents`. */
export interface EvalDataset {
  name: string;
  cases: EvalCase[];
  /** Documents that came with the questions, by external id; plain text. */
  documents?: { id: string; title: string; text: string }[];
}

const caseFields = new Set(["id", "question", "history", "answerable", "tags", "split", "language", "referenceAnswer", "spans"]);
const spanFields = new Set(["document", "quote", "part"]);
const longest = { id: 200, question: 4_000, tag: 60, quote: 20_000, referenceAnswer: 8_000, document: 512 };
/** Items of a list: every turn is asked, every tag is a slice of the summary. */
const most = { history: 20, tags: 20, spans: 50 };

/**
 * Cases in our own form, one JSON object a line. A row needs id, question, answerable, tags and
 * spans; a missing split is `test`, a missing part 1. Strict: an unknown field is an error, so that a misspelt one is seen.
 * Throws `invalid_request` that names file, line and field, and never shows a value.
 */
export function readEvalCases(jsonLines: string, name = "the dataset"): EvalCase[] {
  const cases = readJsonLines(jsonLines, name).map(({ row, where }) => parseEvalCase(row, where));
  checkDistinct(cases, name);
  return cases;
}

/** Throws when two cases share an id: results are paired by it. */
export function checkDistinct(cases: readonly EvalCase[], name: string): void {
  const seen = new Set<string>();
  for (const { id } of cases) {
    if (seen.has(id)) throw new FootnoteError("invalid_request", `${name} has two cases with the id ${id}; give each its own.`);
    seen.add(id);
  }
}

/** One case; `where` begins the message of an error. */
export function parseEvalCase(row: unknown, where: string): EvalCase {
  if (!isRecord(row)) throw new FootnoteError("invalid_request", `${where} is not a JSON object; repair the file.`);
  refuseUnknownFields(row, where);
  const id = name(row["id"], where, "id", longest.id);
  const question = text(row["question"], where, "question", longest.question);
  const { answerable, split = "test" } = row;
  if (typeof answerable !== "boolean") throw wrongField(where, "answerable", "true or false");
  const tags = list(row["tags"], where, "tags", most.tags).map((tag, index) => name(tag, where, `tags[${index}]`, longest.tag));
  if (!isSplit(split)) throw wrongField(where, "split", '"train" or "test"');
  const spans = list(row["spans"], where, "spans", most.spans).map((span, index) => parseSpan(span, where, `spans[${index}]`));
  const referenceAnswer = optional(row["referenceAnswer"], (value) => text(value, where, "referenceAnswer", longest.referenceAnswer));
  const language = optional(row["language"], (value) => parseLanguage(value, where));
  const history = optional(row["history"], (value) =>
    list(value, where, "history", most.history).map((turn, index) => text(turn, where, `history[${index}]`, longest.question)),
  );
  if (!answerable && spans.length > 0) throw wrongField(where, "spans", "empty where answerable is false");
  if (answerable && spans.length === 0 && referenceAnswer === undefined) {
    throw wrongField(where, "spans", "one place at least, or a referenceAnswer, where answerable is true");
  }
  return {
    id,
    question,
    ...(history === undefined || history.length === 0 ? {} : { history }),
    answerable,
    tags,
    split,
    ...(language === undefined ? {} : { language }),
    ...(referenceAnswer === undefined ? {} : { referenceAnswer }),
    spans,
  };
}

/** A proposal that a person has reviewed is a case: where it came from no longer matters. One that nobody has reviewed is refused. */
function refuseUnknownFields(row: Record<string, unknown>, where: string): void {
  const { reviewed } = row;
  if (reviewed === false) {
    throw new FootnoteError("invalid_request", `${where} is a proposal that nobody has reviewed; go through it with footnote eval review.`);
  }
  for (const field of Object.keys(row)) {
    if (reviewed === true && (field === "reviewed" || field === "origin")) continue;
    if (!caseFields.has(field)) throw wrongField(where, field.slice(0, 40), `left out (known are ${[...caseFields].join(", ")})`);
  }
}

function parseLanguage(value: unknown, where: string): string {
  const language = text(value, where, "language", 8);
  if (/^[a-z]{2,3}$/u.test(language)) return language;
  throw wrongField(where, "language", "a subtag such as en or de");
}

function parseSpan(span: unknown, where: string, field: string): EvalCase["spans"][number] {
  if (!isRecord(span)) throw wrongField(where, field, "an object with document and quote");
  for (const key of Object.keys(span)) {
    if (!spanFields.has(key)) throw wrongField(where, `${field}.${key.slice(0, 40)}`, "left out (known are document, quote, part)");
  }
  const { part } = span;
  if (part !== undefined && !(typeof part === "number" && Number.isSafeInteger(part) && part >= 1)) {
    throw wrongField(where, `${field}.part`, "a whole number from 1");
  }
  return {
    document: name(span["document"], where, `${field}.document`, longest.document),
    quote: text(span["quote"], where, `${field}.quote`, longest.quote),
    ...(part === undefined ? {} : { part }),
  };
}

function text(value: unknown, where: string, field: string, limit: number): string {
  if (typeof value === "string" && value.trim() !== "" && value.length <= limit && value.isWellFormed() && !value.includes("\0"))
    return value;
  throw wrongField(where, field, `a text of 1 to ${limit} characters`);
}

/** A text that messages and tables show. */
function name(value: unknown, where: string, field: string, limit: number): string {
  const known = text(value, where, field, limit);
  if (!/\p{Cc}/u.test(known)) return known;
  throw wrongField(where, field, `a text of 1 to ${limit} characters without control characters`);
}

function list(value: unknown, where: string, field: string, limit: number): unknown[] {
  if (Array.isArray(value) && value.length <= limit) return value;
  throw wrongField(where, field, `a list of at most ${limit}`);
}

function optional<T>(value: unknown, parse: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : parse(value);
}

function isSplit(value: unknown): value is Split {
  return value === "train" || value === "test";
}

/** The same cases as lines that `readEvalCases` reads. */
export function writeEvalCases(cases: readonly EvalCase[]): string {
  return cases.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** Equal content, equal hash, in whatever order the fields stand. */
export function caseHash(row: EvalCase): string {
  return sha256(canonicalJson(row));
}

/** Hash of a dataset's cases, order left aside. */
export function datasetHash(cases: readonly EvalCase[]): string {
  return sha256(cases.map(caseHash).toSorted().join("\n"));
}
