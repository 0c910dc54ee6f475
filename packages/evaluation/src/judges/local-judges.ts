import { throwIfAborted } from "@footnote/core";
import type { Judges } from "../metrics/score-case.ts";
import { createAnswerRelevance } from "./answer-relevance.ts";
import { createDeterministicJudge } from "./deterministic-judge.ts";
import { splitClaims } from "./split-claims.ts";

/** Everything that judges without a key: support, claims and relevance by rules, words and sentence vectors. */
export function createLocalJudges(embedder: {
  /** Of the vector space. */
  name: string;
  /** Vectors of L2 norm 1 in order. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
}): Judges {
  const embed = (texts: readonly string[], { signal }: { signal?: AbortSignal }) => {
    throwIfAborted(signal);
    return embedder.embed(texts, signal);
  };
  return {
    judge: createDeterministicJudge({ embed }),
    relevance: createAnswerRelevance({ embed }),
    splitClaims: {
      name: "claims",
      version: "1",
      split: (sentence) => splitClaims(sentence).map(({ start, end }) => sentence.slice(start, end)),
    },
    embed: { name: embedder.name, version: "1", embed: (texts, signal) => embed(texts, signal ? { signal } : {}) },
  };
}
