import { dot, FootnoteError, splitSentences } from "@footnote/core";
import { logistic } from "../fitting/logistic-fit.ts";
import { analyze } from "./analysis.ts";
import { coverageOf } from "./coverage.ts";
import type { EmbedTexts } from "./deterministic-judge.ts";
import { calendarName } from "./polarity.ts";
import relevance from "./weights/relevance@1.json" with { type: "json" };

/** What relevance is made of. */
export interface RelevanceFeatures {
  /** Greatest cosine of the question with a sentence of the answer. */
  cosine: number;
  /** Weighted share of the question's content words that the answer takes up. */
  words: number;
  /** Whether the answer holds what the question asks for: 1 yes, −1 no, 0 the question does not say what. */
  type: number;
}

export const relevanceFeatureNames = ["cosine", "words", "type"] as const;

export interface AnswerRelevance {
  readonly name: string;
  /** Changes whenever a score may. */
  readonly version: string;
  /** One score in 0…1 per pair, in order: the chance that the answer is to the question's point. It says nothing about truth. */
  judge(pairs: readonly { question: string; answer: string }[], signal?: AbortSignal): Promise<number[]>;
  /** What the scores are made of; what fitting reads. */
  features(pairs: readonly { question: string; answer: string }[], signal?: AbortSignal): Promise<RelevanceFeatures[]>;
}

/** Relevance without a model call: a logistic formula over a cosine, words in common and the kind of answer that is asked for. */
export function createAnswerRelevance(options: { embed: EmbedTexts }): AnswerRelevance {
  const { embed } = options;
  const features: AnswerRelevance["features"] = async (pairs, signal) => {
    const sentences = pairs.map(({ answer }) => splitSentences(answer).map(({ start, end }) => answer.slice(start, end)));
    const texts = [...new Set([...pairs.map(({ question }) => question), ...sentences.flat()])];
    const made = await embed(texts, signal === undefined ? {} : { signal });
    if (made.length !== texts.length) {
      throw new FootnoteError("embedding_failed", "The embedder returned fewer vectors than texts; try again.", { retryable: true });
    }
    const vectors = new Map(texts.map((text, at) => [text, made[at]]));
    return pairs.map(({ question, answer }, at) => ({
      cosine: Math.max(0, ...(sentences[at] ?? []).map((sentence) => dot(vectors.get(question), vectors.get(sentence)))),
      words: coverageOf(analyze(question), [analyze(answer)]),
      type: answerTypeMatch(question, answer),
    }));
  };
  return {
    name: "relevance",
    version: "1",
    features,
    async judge(pairs, signal) {
      const read = await features(pairs, signal);
      return read.map((values, at) => {
        if (!/[\p{L}\p{N}]/u.test(pairs[at]?.answer ?? "")) return 0;
        let sum = relevance.weights.intercept;
        for (const name of relevanceFeatureNames) sum += relevance.weights[name] * values[name];
        return logistic(sum);
      });
    },
  };
}

const asksNumber =
  /\bhow (?:many|much|long|large|big|high|tall|far|old|heavy|fast|deep|wide|often|soon|late|early|quickly)\b|\b(?:what|which) (?:percentage|share|number|amount|price|cost|temperature|height|weight|length|age|speed|distance|limit)\b|\bwie (?:viele?|lange|hoch|oft|schwer)\b/iu;
const asksTime = /\bwhen\b|\b(?:what|which|in what) (?:day|date|time|year|month|century|decade)\b|\bwann\b/iu;
const asksName =
  /\b(?:who|whom|whose|where|wer|wo)\b|\b(?:what|which) (?:person|country|city|town|company|river|king|queen|president|name)\b/iu;
const timeWord =
  /\b(?:century|centuries|decade|year|month|week|day|hour|morning|night|spring|summer|autumn|winter|before|after|until|since|during|now|today|daily|every)s?\b/iu;

/** 1 where the answer holds a number, time or name beyond the question's own, as asked for; −1 where it does not; 0 where neither is asked for. */
export function answerTypeMatch(question: string, answer: string): number {
  const asked = analyze(question);
  const said = analyze(answer);
  const known = new Set(asked.quantities.map(({ value }) => value));
  const hasNumber = said.quantities.some(({ value }) => !known.has(value));
  if (asksNumber.test(question))
    return hasNumber || /\b(?:once|twice|daily|weekly|monthly|yearly|every|all|none|no)\b/iu.test(answer) ? 1 : -1;
  if (asksTime.test(question)) return hasNumber || timeWord.test(answer) || said.words.some((word) => calendarName(word) !== null) ? 1 : -1;
  if (asksName.test(question)) {
    const lower = new Set(asked.words.map((word) => word.lower));
    return said.names.some(({ from, to }) => said.words.slice(from, to).some((word) => !lower.has(word.lower))) ? 1 : -1;
  }
  return 0;
}
