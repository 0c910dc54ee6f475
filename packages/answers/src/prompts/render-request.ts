import { canonicalJson, type GenerateRequest, sha256 } from "@footnote/core";
import { answerPromptNames, findAnswerPrompt } from "./answer-prompts.ts";

export interface RenderedRequest {
  system: string;
  prompt: string;
  sha256: string;
}

/** The messages that a generated answer is asked with; null for a prompt that is not there. */
export function renderRequest(
  name: string,
  request: Pick<GenerateRequest, "question" | "sources" | "history" | "maxSentences">,
): RenderedRequest | null {
  if (!answerPromptNames().includes(name)) return null;
  const found = findAnswerPrompt(name);
  const messages = { system: found.system, prompt: found.render(request) };
  return { ...messages, sha256: sha256(canonicalJson(messages)) };
}
