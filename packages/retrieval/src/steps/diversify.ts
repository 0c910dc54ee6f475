import { FootnoteError } from "@footnote/core";
import { maximalMarginalRelevance } from "../mmr.ts";
import type { OptionalStep } from "../run-steps.ts";

/** The best hits in the order of marginal relevance; the others follow as they were. Scores stay those of relevance. */
export const diversify: OptionalStep = {
  name: "diversify",
  applies: ({ spec, hits }) => spec.diversity.type !== "none" && hits.length > 1,
  deadline: { what: "reading of the vectors", timeout: "readMs" },
  fallback: "the most relevant, alike or not",
  async run({ parts, tenantId, space, hits, spec: { diversity } }, signal) {
    if (diversity.type === "none") return {};
    if (!parts.vectors) {
      throw new FootnoteError("configuration_invalid", "No stored vectors can be read here; choose a pipeline without diversity.");
    }
    const candidates = hits.slice(0, diversity.candidates);
    const found = await parts.vectors.read({ tenantId, space, chunkIds: candidates.map(({ chunk }) => chunk.id), signal });
    const order = maximalMarginalRelevance(
      candidates.map(({ chunk, score }) => ({ score, vector: found.get(chunk.id) })),
      { lambda: diversity.lambda, count: candidates.length },
    );
    const diverse = [...order.flatMap((at) => candidates[at] ?? []), ...hits.slice(diversity.candidates)];
    return { hits: diverse, diversified: diverse.map((hit) => hit.chunk.id) };
  },
};
