import { canonicalText, FootnoteError } from "@footnote/core";
import type { Span } from "@footnote/core";
import type { Split } from "./eval-case.ts";
import { isRecord, wrongField } from "./read-json-lines.ts";

/** A question of a SQuAD file with the places that answer it. */
export interface SpannedQuestion {
  id: string;
  question: string;
  article: string;
  /** `<title>_<number>`, as in the set's corpus.jsonl. */
  document: string;
  answerable: boolean;
  /**
   * Places in the document's canonical text: the annotators' answers, or, for an unanswerable question, what looks like one ("plausible answers").
   */
  spans: (Span & { text: string })[];
  split: Split;
}

/**
 * The questions of a SQuAD 2.0 file (Rajpurkar et al. 2018, arXiv 1806.03822) with exact spans. Where a file holds only development questions, the articles are dealt
 * in the order of the file: every second one, from the first, is for fitting, the others are for reporting. No article is in both, so no paragraph is.
 */
export function readSpannedQuestions(json: string, name = "the SQuAD file"): SpannedQuestion[] {
  const found: SpannedQuestion[] = [];
  let file: unknown;
  try {
    file = JSON.parse(json);
  } catch {
    throw new FootnoteError("invalid_request", `${name} is not JSON; repair the file.`);
  }
  const articles = new Map<string, Split>();
  const paragraphs = new Map<string, number>();
  for (const article of records(file, "data", name)) {
    const title = typeof article["title"] === "string" ? article["title"] : "untitled";
    const split = articles.get(title) ?? (articles.size % 2 === 0 ? "train" : "test");
    articles.set(title, split);
    for (const paragraph of records(article, "paragraphs", name)) {
      const { context } = paragraph;
      if (typeof context !== "string") throw wrongField(name, "context", "a text");
      const number = paragraphs.get(title) ?? 0;
      paragraphs.set(title, number + 1);
      for (const row of records(paragraph, "qas", name)) {
        const { id, question } = row;
        if (typeof id !== "string" || typeof question !== "string") throw wrongField(name, "qas", "objects with the texts id and question");
        const answerable = row["is_impossible"] !== true;
        const answers = answerable
          ? records(row, "answers", name)
          : Array.isArray(row["plausible_answers"])
            ? records(row, "plausible_answers", name)
            : [];
        found.push({
          id,
          question: question.trim(),
          article: title,
          document: `${title}_${number}`,
          answerable,
          spans: answers.flatMap((answer) => spanOf(context, answer)),
          split,
        });
      }
    }
  }
  return found;
}

function records(value: unknown, field: string, name: string): Record<string, unknown>[] {
  const list = isRecord(value) ? value[field] : undefined;
  if (!Array.isArray(list)) throw wrongField(name, field, "a list");
  return list.filter(isRecord);
}

/** SQuAD counts code points of the text as given; we count UTF-16 code units of the canonical text. */
function spanOf(context: string, answer: Record<string, unknown>): (Span & { text: string })[] {
  const { text, answer_start: at } = answer;
  if (typeof text !== "string" || typeof at !== "number") return [];
  const before = [...context].slice(0, at).join("");
  const from = context.startsWith(text, before.length) ? before.length : context.indexOf(text);
  if (text === "" || from < 0) return [];
  const start = canonicalText(context.slice(0, from)).length;
  const canonical = canonicalText(text);
  return [{ start, end: start + canonical.length, text: canonical }];
}
