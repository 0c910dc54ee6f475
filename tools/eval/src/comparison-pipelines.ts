import type { PipelineSpec } from "@footnote/core";
import { pipelines } from "@footnote/retrieval";

const base: PipelineSpec = {
  ...pipelines.default,
  spelling: "as-written",
  fusion: { type: "convex", lexicalWeight: 0.3 },
  reranker: { type: "none" },
};

/** What the shipped pipelines are compared with: parts of them alone, put together otherwise. All with the index of `default`. */
const variants: Readonly<Record<string, Partial<PipelineSpec>>> = {
  lexical: { candidates: { ...base.candidates, dense: 0 } },
  dense: { candidates: { ...base.candidates, lexical: 0 } },
  rrf: { fusion: { type: "rrf", k: 60, weights: { dense: 1, lexical: 1 } } },
  convex: {},
  "convex-late-interaction": { reranker: { type: "late-interaction", candidates: 50, weight: 0.5 } },
  "cross-encoder": { reranker: { type: "cross-encoder", model: "minilm-cross-encoder-1", candidates: 50, weight: 1 } },
  learned: { reranker: { type: "learned-linear", weights: "fusion@1", candidates: 50 } },
  /** `learned` as it is when SciFact's train claims are left out of the fitting: the one to report on SciFact. */
  "learned-without-scifact": { reranker: { type: "learned-linear", weights: "fusion-without-scifact@1", candidates: 50 } },
};

/** Names that `eval retrieval` takes besides those of shipped pipelines. */
export const comparisonNames: readonly string[] = Object.keys(variants);

export function comparisonPipeline(name: string): PipelineSpec | undefined {
  const variant = Object.hasOwn(variants, name) ? variants[name] : undefined;
  return variant && { ...base, ...variant, name };
}
