import { FootnoteError } from "@footnote/core";
import { byScoreThenId } from "../fusion/ranked-by.ts";
import type { Leg, Step } from "../run-steps.ts";
import { legLimit } from "../search-context.ts";

/** The vectors of all queries, in one call; the first is averaged with those of made-up passages. */
const embedQueries: Step = {
  name: "embed-query",
  async run({ embedder, queries, passages, space, meter }, signal) {
    const [asked, made] = await Promise.all([
      embedder.embed({ texts: queries, purpose: "query", signal }),
      passages.length === 0 ? [] : embedder.embed({ texts: passages, purpose: "passage", signal }),
    ]);
    // It was used, whether or not anybody waits for it any more.
    meter.read(
      "embed",
      space,
      [...asked, ...made].reduce((sum, { tokenCount }) => sum + tokenCount, 0),
    );
    if (asked.length !== queries.length) {
      throw new FootnoteError("embedding_failed", "The embedder returned no vector for the query; try again.");
    }
    const vectors = asked.map(({ vector }) => vector);
    const [first] = vectors;
    if (first && made.length > 0) vectors[0] = meanOf([first, ...made.map(({ vector }) => vector)]);
    return { vectors };
  },
};

const searchVectors: Step = {
  name: "dense",
  async run(context, signal) {
    const { parts, scope, space, vectors } = context;
    const limit = legLimit(context, "dense");
    const lists = await Promise.all(vectors.map((vector) => parts.dense.search({ ...scope, space, vector, limit, signal })));
    return { dense: lists.map((results) => results.toSorted(byScoreThenId)) };
  },
};

export const denseLeg: Leg = {
  name: "dense",
  applies: (context) => legLimit(context, "dense") > 0,
  steps: [embedQueries, searchVectors],
  deadline: { what: "dense search", timeout: "legMs" },
  fallback: "lexical results only",
};

/** The mean of unit vectors, of length 1. */
function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const sums = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (vector[i] ?? 0);
  const norm = Math.hypot(...sums) || 1;
  return Float32Array.from(sums, (sum) => sum / norm);
}
