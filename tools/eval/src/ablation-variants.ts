import { pipelineHash, type PipelineSpec, pipelineSpecSchema } from "@footnote/core";
import { projectedSpace } from "@footnote/embedding";
import { pipelines } from "@footnote/retrieval";

/** One pipeline of the ablation: the reference with one thing changed. */
export interface AblationVariant {
  /** The step that is changed. */
  step: string;
  /** What it is changed to, as the table says it. */
  change: string;
  spec: PipelineSpec;
  /** True when only a configured language model can serve it. */
  needsModel: boolean;
  /** True when the ranking stays as it is and only the answer can differ: then sets without answers do not measure it. */
  answersOnly: boolean;
}

const base: PipelineSpec = {
  ...pipelines.default,
  name: "reference",
  spelling: "as-written",
  fusion: { type: "convex", lexicalWeight: 0.3 },
  reranker: { type: "none" },
};

/** The row that every other is compared with: both legs, convex fusion, nothing reranked. It stays what it is when the default changes. */
export const baseline: AblationVariant = {
  step: "reference",
  change: "both legs, convex fusion",
  spec: base,
  needsModel: false,
  answersOnly: false,
};

/** A shipped pipeline as it is. */
const shipped = (step: string, name: keyof typeof pipelines): AblationVariant => ({
  step,
  change: `${name}, as shipped`,
  spec: pipelines[name],
  needsModel: false,
  answersOnly: false,
});
type Change = Omit<Partial<PipelineSpec>, "index"> & {
  index?: Omit<Partial<PipelineSpec["index"]>, "chunker" | "context"> & {
    chunker?: Partial<PipelineSpec["index"]["chunker"]>;
    context?: Partial<PipelineSpec["index"]["context"]>;
  };
};

function variant(
  step: string,
  change: string,
  changed: Change,
  more: { needsModel?: boolean; answersOnly?: boolean } = {},
): AblationVariant {
  const { index, ...rest } = changed;
  const name = `${step} ${change}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, "-")
    .replace(/^-+|-+$/gu, "")
    .slice(0, 63);
  const spec = pipelineSpecSchema.parse({
    ...base,
    ...rest,
    name,
    index: {
      ...base.index,
      ...index,
      chunker: { ...base.index.chunker, ...index?.chunker },
      context: { ...base.index.context, ...index?.context },
    },
  });
  return { step, change, spec, needsModel: more.needsModel ?? false, answersOnly: more.answersOnly ?? false };
}

const rrf = (dense: number, lexical: number): Change => ({ fusion: { type: "rrf", k: 60, weights: { dense, lexical } } });
const convex = (lexicalWeight: number): Change => ({ fusion: { type: "convex", lexicalWeight } });
const late = (weight: number): Change => ({ reranker: { type: "late-interaction", candidates: 50, weight } });
const learned = (weights: string): Change => ({ reranker: { type: "learned-linear", weights, candidates: 50 } });
const mmr = (lambda: number): Change => ({ diversity: { type: "mmr", lambda, candidates: 30 } });
const packing = (strategy: PipelineSpec["packing"]["strategy"]): Change => ({ packing: { ...base.packing, strategy } });
const rules = { type: "rules", identifiersByWords: true, unrerankedUpToWords: 0, smallUpToWords: 0, smallModel: null } as const;

/** Everything that is measured besides the reference, by step. `model` is the language model of the rows that need one. */
export function ablationVariants(model: string): AblationVariant[] {
  const shippedHash = pipelineHash(pipelines.default);
  const named = (one: AblationVariant) => (pipelineHash(one.spec) === shippedHash ? { ...one, change: `${one.change} (is default)` } : one);
  const all = changedVariants(model).map(named);
  const isThere = [baseline, ...all].some(({ spec }) => pipelineHash(spec) === shippedHash);
  // A row of its own only where `default` is none of the others.
  return isThere ? all : [shipped("default", "default"), ...all];
}

function changedVariants(model: string): AblationVariant[] {
  return [
    variant("legs", "words alone (BM25)", { candidates: { dense: 0, lexical: 100 } }),
    variant("legs", "meaning alone", { candidates: { dense: 100, lexical: 0 } }),
    variant("legs", "200 candidates each", { candidates: { dense: 200, lexical: 200 } }),
    variant("fusion", "convex, 0.2 on words", convex(0.2)),
    variant("fusion", "convex, 0.4 on words", convex(0.4)),
    variant("fusion", "convex, 0.5 on words", convex(0.5)),
    variant("fusion", "RRF", rrf(1, 1)),
    variant("fusion", "RRF, words twice", rrf(1, 2)),
    variant("fusion", "RRF, meaning twice", rrf(2, 1)),
    variant("reranker", "late interaction, weight 0.25", late(0.25)),
    variant("reranker", "late interaction, weight 0.5", late(0.5)),
    variant("reranker", "late interaction alone", late(1)),
    variant("reranker", "learned fusion", learned("fusion@1")),
    variant("reranker", "learned fusion, SciFact left out of the fit", learned("fusion-without-scifact@1")),
    shipped("reranker", "hybrid-rrf-rerank"),
    variant("diversity", "MMR, λ 0.9", mmr(0.9)),
    variant("diversity", "MMR, λ 0.7", mmr(0.7)),
    variant("spelling", "corrected", { spelling: "corrected" }),
    variant("router", "identifiers by words alone", { router: rules }),
    variant("chunks", "recursive", { index: { chunker: { strategy: "recursive" } } }),
    variant("chunks", "half the size", { index: { chunker: { maxTokens: 100 } } }),
    variant(
      "chunks",
      "half the size, section read (parent)",
      { index: { chunker: { maxTokens: 100 } }, packing: { ...base.packing, strategy: "parent" } },
      { answersOnly: true },
    ),
    variant("chunks", "overlap of 40 tokens", { index: { chunker: { overlapTokens: 40 } } }),
    variant("chunks", "semantic", { index: { chunker: { strategy: "semantic" } } }),
    variant("chunks", "sentences with a window", {
      index: { chunker: { strategy: "sentence-window" } },
      packing: { ...base.packing, strategy: "sentence-window" },
    }),
    variant("context", "none", { index: { context: { title: false, headingPath: false } } }),
    variant("context", "title alone", { index: { context: { headingPath: false } } }),
    variant("context", "headings alone", { index: { context: { title: false } } }),
    variant("context", "title, headings, opening sentence", { index: { context: { opening: true } } }),
    variant("space", "128 dimensions (PCA)", { index: { furtherSpaces: [projectedSpace.id] }, space: projectedSpace.id }),
    variant("packing", "hits alone", packing("none"), { answersOnly: true }),
    variant("packing", "section (parent)", packing("parent"), { answersOnly: true }),
    variant("follow-ups", "as asked", { followUps: { type: "none" } }, { answersOnly: true }),
    variant("follow-ups", "rewritten by a model", { followUps: { type: "model", model } }, { needsModel: true, answersOnly: true }),
    variant("transform", "HyDE", { transform: { type: "hyde", model, passages: 1 } }, { needsModel: true }),
    variant("transform", "multi-query, 3 wordings", { transform: { type: "multi-query", model, queries: 3 } }, { needsModel: true }),
  ];
}
