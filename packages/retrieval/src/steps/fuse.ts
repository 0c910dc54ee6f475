import type { ScoredChunk } from "@footnote/core";
import { convexFusion } from "../fusion/convex.ts";
import { reciprocalRankFusion } from "../fusion/rrf.ts";
import type { Step } from "../run-steps.ts";
import { legLimit, type SearchContext } from "../search-context.ts";

/** The constant of the fusion between the queries of one question, as Cormack et al. chose it. */
const betweenQueriesK = 60;

export const fuse: Step = {
  name: "fuse",
  applies: ({ dense, lexical }) => dense !== null || lexical !== null,
  async run(context) {
    const lists = context.queries.map((_, at) => fuseLegs(context, at));
    const [only = []] = lists;
    return { fused: lists.length === 1 ? only : reciprocalRankFusion(lists, { k: betweenQueriesK }) };
  },
};

/** Both legs' results of one query. */
function fuseLegs(context: SearchContext, at: number): ScoredChunk[] {
  const { fusion } = context.spec;
  const dense = context.dense?.[at] ?? [];
  const lexical = context.lexical?.[at] ?? [];
  if (fusion.type === "rrf") {
    return reciprocalRankFusion([dense, lexical], { k: fusion.k, weights: [fusion.weights.dense, fusion.weights.lexical] });
  }
  return convexFusion({
    dense: { results: dense, limit: legLimit(context, "dense") },
    lexical: { results: lexical, limit: legLimit(context, "lexical") },
    lexicalWeight: fusion.lexicalWeight,
  });
}
