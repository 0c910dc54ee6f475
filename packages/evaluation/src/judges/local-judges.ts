import { throwIfAborted } from "@footnote/core";
import type { Judges } from "../metrics/score-case.ts";
import { createDeterministicJudge } from "./deterministic-judge.ts";
import { splitClaims } from "./split-claims.ts";

/** Everything that judges without a key: the deterministic judge, claims by rules, relevance by sentence vectors. */
export function createLocalJudges(embedder: {
  /** Of the vector space. */
  name: string;
  /** Vectors of L2 norm 1 in order. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
}): Judges {
  return {
    judge: createDeterministicJudge({
      embed(texts, { signal }) {
        throwIfAborted(signal);
        return embedder.embed(texts, signal);
      },
    }),
    splitClaims: {
      name: "claims",
      version: "1",
      split: (sentence) => splitClaims(sentence).map(({ start, end }) => sentence.slice(start, end)),
    },
    embed: { name: embedder.name, version: "1", embed: (texts, signal) => embedder.embed(texts, signal) },
  };
}
