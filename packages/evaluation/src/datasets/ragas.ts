import { canonicalText, FootnoteError, sha256 } from "@footnote/core";
import type { EvalCase } from "./eval-case.ts";
import { checkDistinct, type EvalDataset } from "./eval-dataset.ts";
import { readJsonLines, wrongField } from "./read-json-lines.ts";

/** What an exported row says that some pipeline did with its question. */
export interface RagasAnswer {
  response: string;
  /** Ids of documents of the dataset, best first. */
  retrieved: string[];
}

/**
 * Rows of a ragas dataset (`SingleTurnSample`; JSON Lines as `EvaluationDataset.to_jsonl` writes them): `user_input` with `reference`,
 * `reference_contexts`, `retrieved_contexts` and `response`, all but the first optional. Each context becomes a document of the text it is; the same text
 * twice is one document. A reference context is a part of its own: ragas asks for all of them. A row with neither reference nor
 * reference contexts is unanswerable only by tag `unanswerable` of its own field `tags`; without one it cannot be judged and is an error.
 */
export function readRagasRows(jsonLines: string, name = "the ragas file"): EvalDataset & { answers: Map<string, RagasAnswer> } {
  const documents = new Map<string, { id: string; title: string; text: string }>();
  const answers = new Map<string, RagasAnswer>();
  const cases: EvalCase[] = [];
  const documentOf = (given: string): string => {
    const text = canonicalText(given);
    const id = `context-${sha256(text).slice(0, 16)}`;
    documents.set(id, { id, title: "", text });
    return id;
  };
  for (const [index, { row, where }] of readJsonLines(jsonLines, name).entries()) {
    const question = row["user_input"];
    if (typeof question !== "string" || question.trim() === "") {
      throw wrongField(where, "user_input", Array.isArray(question) ? "one question: turns of a dialogue are not read" : "a text");
    }
    const id = typeof row["id"] === "string" && row["id"] !== "" ? row["id"] : `ragas-${index + 1}`;
    const reference = textOrNothing(row["reference"], where, "reference");
    const wanted = texts(row["reference_contexts"], where, "reference_contexts");
    const retrieved = texts(row["retrieved_contexts"], where, "retrieved_contexts");
    const response = textOrNothing(row["response"], where, "response");
    const tags = texts(row["tags"], where, "tags");
    const answerable = reference !== undefined || wanted.length > 0;
    if (!answerable && !tags.includes("unanswerable")) {
      throw new FootnoteError(
        "invalid_request",
        `${where} has neither reference nor reference_contexts; add one, or the tag "unanswerable" in tags.`,
      );
    }
    const spans = wanted.map((text, part) => ({ document: documentOf(text), quote: canonicalText(text).trim(), part: part + 1 }));
    cases.push({
      id,
      question,
      answerable,
      tags,
      split: "test",
      ...(reference === undefined ? {} : { referenceAnswer: reference }),
      spans,
    });
    if (response !== undefined || retrieved.length > 0) {
      answers.set(id, { response: response ?? "", retrieved: retrieved.map(documentOf) });
    }
  }
  checkDistinct(cases, name);
  return { name, cases, documents: [...documents.values()], answers };
}

function textOrNothing(value: unknown, where: string, field: string): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  throw wrongField(where, field, "a text");
}

function texts(value: unknown, where: string, field: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongField(where, field, "a list of texts");
  return value.map((item, index) => {
    if (typeof item === "string" && item.trim() !== "") return item;
    throw wrongField(where, `${field}[${index}]`, "a text");
  });
}
