import { type ClaimSupport, dot } from "@footnote/core";
import type { RunAnswer } from "./case-result.ts";
import { share } from "./citation-metrics.ts";

/**
 * Faithfulness of ragas (Es et al. 2024, arXiv 2309.15217, §3): claims that the given texts support, of all claims of the answer. A claim supported
 * in part does not count. Null without a claim.
 */
export function faithfulness(claims: readonly ClaimSupport[]): number | null {
  return share(claims.map((support) => support === "supported"));
}

/**
 * Answer relevance of ragas (same paper, §3): mean cosine between the question and questions that the answer would answer,
 * 1/n · Σᵢ cos(q, qᵢ), below 0 taken as 0. `answered` are vectors of L2 norm 1 of such questions, or of the answer's own sentences where nothing
 * generates questions. An answer that says nothing is 0.
 */
export function answerRelevance(question: Float32Array, answered: readonly Float32Array[]): number {
  if (answered.length === 0) return 0;
  const sum = answered.reduce((total, vector) => total + Math.max(0, dot(question, vector)), 0);
  return Math.min(1, sum / answered.length);
}

/**
 * The factual part of answer correctness of ragas: F1 over claims, TP / (TP + (FP + FN) / 2). `stated`: of each claim of the answer,
 * whether the reference supports it (TP or FP); `expected`: of each claim of the reference, whether the answer does (FN where not).
 * Null where the reference holds no claim.
 */
export function claimF1(options: { stated: readonly boolean[]; expected: readonly boolean[] }): number | null {
  const { stated, expected } = options;
  if (expected.length === 0) return null;
  const truePositives = stated.filter(Boolean).length;
  const falsePositives = stated.length - truePositives;
  const falseNegatives = expected.filter((isThere) => !isThere).length;
  return truePositives === 0 ? 0 : truePositives / (truePositives + (falsePositives + falseNegatives) / 2);
}

/**
 * Token F1 of SQuAD (Rajpurkar et al. 2016, arXiv 1606.05250, §6): harmonic mean of precision and recall over the multisets of words, lower case,
 * without punctuation and English articles. 1 when both are empty, 0 when one is.
 */
export function tokenF1(answer: string, reference: string): number {
  const got = words(answer);
  const wanted = words(reference);
  if (got.length === 0 || wanted.length === 0) return got.length === wanted.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of got) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    common += 1;
  }
  return (2 * common) / (got.length + wanted.length);
}

const articles = new Set(["a", "an", "the"]);

function words(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/[\p{P}\p{S}]/gu, "")
    .split(/\s+/u)
    .filter((word) => word !== "" && !articles.has(word));
}

/** Whether the answer says that the documents do not tell: the product's own abstention, or a refusal, and nothing cited. */
export function hasAbstained({ finishReason, sentences }: Pick<RunAnswer, "finishReason" | "sentences">): boolean {
  const abstaining = finishReason === "unsupported" || finishReason === "refusal";
  return abstaining && sentences.every(({ citations }) => citations.length === 0);
}
