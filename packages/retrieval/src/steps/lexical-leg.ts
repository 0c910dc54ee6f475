import { byScoreThenId } from "../fusion/ranked-by.ts";
import type { Leg, Step } from "../run-steps.ts";
import { legLimit } from "../search-context.ts";

const analyze: Step = {
  name: "analyze",
  run: async ({ queries, analyzer }) => ({ analyzed: queries.map((query) => analyzer.analyze(query)) }),
};

const searchTerms: Step = {
  name: "lexical",
  // Nothing but stop words: there is nothing to look for, which is no failure.
  applies: ({ analyzed }) => analyzed.some(({ termIds }) => termIds.length > 0),
  async run(context, signal) {
    const { parts, scope, analyzed } = context;
    const limit = legLimit(context, "lexical");
    const lists = await Promise.all(
      analyzed.map(async (query) => (query.termIds.length === 0 ? [] : await parts.lexical.search({ ...scope, query, limit, signal }))),
    );
    return { lexical: lists.map((results) => results.toSorted(byScoreThenId)) };
  },
};

export const lexicalLeg: Leg = {
  name: "lexical",
  applies: (context) => legLimit(context, "lexical") > 0,
  steps: [analyze, searchTerms],
  deadline: { what: "lexical search", timeout: "legMs" },
  fallback: "dense results only",
};
