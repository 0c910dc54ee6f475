import { FootnoteError } from "@footnote/core";
import type { AnswerPrompt } from "./answer-prompt.ts";
import { citedAnswer1 } from "./cited-answer-1.ts";

const prompts: ReadonlyMap<string, AnswerPrompt> = new Map([citedAnswer1].map((prompt) => [prompt.name, prompt]));

/** Throws `pipeline_incompatible` for a name that is not there. */
export function findAnswerPrompt(name: string): AnswerPrompt {
  const found = prompts.get(name);
  if (found) return found;
  throw new FootnoteError(
    "pipeline_incompatible",
    `There is no prompt named ${JSON.stringify(name)}; a generated answer can use ${[...prompts.keys()].join(", ")}.`,
  );
}

export function answerPromptNames(): string[] {
  return [...prompts.keys()];
}
