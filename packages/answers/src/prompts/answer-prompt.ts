import type { GenerateRequest } from "@footnote/core";

/** A versioned prompt. Changing what it renders means a new version beside it: stored pipelines name theirs. */
export interface AnswerPrompt {
  /** As `PipelineSpec.answer.prompt` names it. */
  name: string;
  /** The same for every request, so that providers can cache it. */
  system: string;
  render(request: Pick<GenerateRequest, "question" | "sources" | "history" | "maxSentences">): string;
}

/** What a model says in place of an answer that the sources do not hold. */
export const abstentionForm = "NO_ANSWER";
