import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { FootnoteError } from "@footnote/core";

/** Relevance of documents to one query: graded, 0 or absent is not relevant. */
export type Relevance = ReadonlyMap<string, number>;

export interface BeirDocument {
  id: string;
  title: string;
  text: string;
}

export interface BeirQuery {
  id: string;
  text: string;
}

export interface BeirQueries {
  /** In file order, only those with a relevant document in the split. */
  queries: BeirQuery[];
  relevance: Map<string, Relevance>;
}

/**
 * Rows of `corpus.jsonl` in a BEIR folder (Thakur et al. 2021), one at a time. A row without text and title is skipped by nobody: it is
 * given as it is. Throws `invalid_request` with file and line for a row that is not `{_id, title?, text}`.
 */
export async function* readBeirCorpus(folder: string): AsyncGenerator<BeirDocument> {
  const path = join(folder, "corpus.jsonl");
  for await (const { line, number } of lines(path)) {
    const row = parseRow(line, path, number);
    yield { id: row.id, title: row.title, text: row.text };
  }
}

/**
 * Queries and qrels of one split. `test` reads queries.jsonl; another split reads `<split>_queries.jsonl` where there is one, so
 * that a tuning run cannot see a test query by accident.
 */
export async function readBeirQueries(folder: string, split = "test"): Promise<BeirQueries> {
  const qrelsPath = join(folder, "qrels", `${split}.tsv`);
  const relevance = new Map<string, Map<string, number>>();
  for await (const { line, number } of lines(qrelsPath)) {
    const [queryId = "", documentId = "", grade = ""] = line.split("\t");
    if (number === 1 && !/^-?\d/u.test(grade)) continue;
    if (queryId === "" || documentId === "" || !/^-?\d+(?:\.\d+)?$/u.test(grade.trim())) {
      throw malformed(qrelsPath, number, "query id, document id and a numeric grade, separated by tabs");
    }
    const judged = relevance.get(queryId) ?? new Map<string, number>();
    judged.set(documentId, Number(grade));
    relevance.set(queryId, judged);
  }
  const ownPath = join(folder, `${split}_queries.jsonl`);
  const queriesPath = split !== "test" && (await exists(ownPath)) ? ownPath : join(folder, "queries.jsonl");
  const queries: BeirQuery[] = [];
  for await (const { line, number } of lines(queriesPath)) {
    const row = parseRow(line, queriesPath, number);
    const judged = relevance.get(row.id);
    if (judged && [...judged.values()].some((grade) => grade > 0)) queries.push({ id: row.id, text: row.text });
  }
  if (queries.length === 0) {
    throw new FootnoteError(
      "invalid_request",
      `No query of ${queriesPath} has a relevant document in ${qrelsPath}; check that the files belong together.`,
    );
  }
  return { queries, relevance };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function* lines(path: string): AsyncGenerator<{ line: string; number: number }> {
  if (!(await exists(path))) {
    throw new FootnoteError("invalid_request", `${path} does not exist; give a folder with corpus.jsonl, queries.jsonl and qrels/.`);
  }
  const input = createReadStream(path, "utf8");
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() !== "") yield { line, number };
    }
  } finally {
    input.destroy();
  }
}

function parseRow(line: string, path: string, number: number): { id: string; title: string; text: string } {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    throw malformed(path, number, "a JSON object");
  }
  if (typeof row === "object" && row !== null && "_id" in row && "text" in row) {
    const title = "title" in row ? row.title : "";
    const { _id: id, text } = row;
    if (typeof id === "string" && id !== "" && typeof text === "string" && (typeof title === "string" || title === null)) {
      return { id, title: title ?? "", text };
    }
  }
  throw malformed(path, number, "an object with the strings _id and text, and perhaps title");
}

function malformed(path: string, number: number, wanted: string): FootnoteError {
  return new FootnoteError("invalid_request", `Line ${number} of ${path} is not ${wanted}; repair the file.`);
}
