export { abstention, answerQuestion } from "./answer-question.ts";
export type { AnswerQuestionOptions, PackedHit } from "./answer-question.ts";
export { collectAnswer } from "./collect-answer.ts";
export type { CollectedAnswer } from "./collect-answer.ts";
export { contextualizeQuestion } from "./contextualize-question.ts";
export { splitQuestion } from "./split-question.ts";
