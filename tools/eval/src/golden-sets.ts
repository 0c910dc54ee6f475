import { existsSync } from "node:fs";
import { inCheckout } from "./shared-folder.ts";

export interface GoldenSet {
  name: string;
  /** File of cases, one JSON object a line. */
  questions: string;
  /** Folder of the documents that they ask about. */
  documents: string;
}

/** The sets that are committed with the program. Empty where this is not a checkout. */
export function goldenSets(): GoldenSet[] {
  const sets = [
    { name: "handbook", questions: "evals/handbook/questions.jsonl", documents: "examples/handbook/documents" },
    { name: "multilingual", questions: "evals/multilingual/questions.jsonl", documents: "evals/multilingual/documents" },
  ];
  return sets
    .map(({ name, questions, documents }) => ({ name, questions: inCheckout(questions), documents: inCheckout(documents) }))
    .filter(({ questions }) => existsSync(questions));
}
