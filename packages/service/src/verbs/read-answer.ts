import type { AnswerId } from "@footnote/core";
import { findAnswer } from "../find-answer.ts";
import { defineVerb } from "../verb.ts";

export const readAnswer = defineVerb({
  scope: "ask",
  audits: [],
  run: (context, { actor }, input: { answerId: AnswerId }) => findAnswer(context, actor, input.answerId),
});
