import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createChunker } from "@footnote/chunking";
import { type PipelineSpec, type Reranker } from "@footnote/core";
import { createCrossEncoder, createLateInteractionReranker, createLocalEmbedder } from "@footnote/embedding";
import { readBeirCorpus, readBeirQueries } from "@footnote/evaluation/datasets";
import { type LearnedWeights, pipelines, textFeatureNames } from "@footnote/retrieval";
import { openStore } from "@footnote/storage";
import { z } from "zod";
import { makeDocumentationPairs, readPackedMarkdown } from "./documentation-pairs.ts";
import { withEmbeddingCache } from "./embedding-cache.ts";
import { fitFusion, type FusionSource, ndcgOf } from "./fit-fusion.ts";
import { collectFusionFeatures, type CollectedQuery, type CollectOptions } from "./fusion-features.ts";
import { writeFitted } from "./write-fitted.ts";

export interface FitFusionOptions {
  /** The folder `data` of the shared one. */
  dataDir: string;
  /** Features of earlier runs are kept here, one file a source. */
  featuresDir: string;
  /** Embeddings of earlier runs. */
  cacheDir: string;
  /** Folder of a cross-encoder to read besides late interaction. */
  crossEncoderDir?: string;
  /** Strength of the penalty. */
  l2: number;
  log(line: string): void;
  signal: AbortSignal;
}

/** The only questions of anybody's that are fitted on: SciFact's train claims. The test claims lie in another file, which is never opened. */
export const fittedSplit = { folder: "retrieval/scifact", split: "train" } as const;

/**
 * Not fitted: what a document's other chunks score and how long a chunk is. On the documentation pairs both made held-out fifths worse (0.510 with
 * them, 0.521 without): they say more about how a collection was cut than about an answer.
 */
const fittedTextFeatures = textFeatureNames.filter((name) => !name.startsWith("document") && name !== "length");

/** Documentation that no evaluation set was made from. */
const archives = ["k8s-enhancements", "eips", "rust-rfcs", "rust-book"];
const candidates = 50;

type FusionWeights = Pick<LearnedWeights, "signals" | "weights">;

export interface FittedFusion {
  /** Fitted on every source. */
  weights: FusionWeights;
  /** Fitted on documentation alone, for reporting on SciFact. */
  withoutScifact: FusionWeights;
  /** nDCG@10 on each source: the order of convex fusion, fitted on the others, fitted on all. */
  table: { source: string; queries: number; convex: number; fromOthers: number; fromAll: number }[];
}

/** Collects features of the training questions through a store of its own, and fits the weights of learned fusion. */
export async function runFitFusion(options: FitFusionOptions): Promise<FittedFusion> {
  const { l2, crossEncoderDir } = options;
  const signals = ["late-interaction", ...(crossEncoderDir ? [basename(crossEncoderDir)] : [])];
  const sources = await collectSources(options, signals);
  const names = [...fittedTextFeatures, "late-interaction", "late-interaction.least", "late-interaction.weighted", ...signals.slice(1)];
  const fit = (used: readonly FusionSource[]) => fitFusion(used, names, l2);
  const all = fit(sources);
  return {
    weights: { signals, weights: all },
    withoutScifact: { signals, weights: fit(sources.filter(({ name }) => name !== "scifact-train")) },
    table: sources.map(({ name, queries }) => ({
      source: name,
      queries: queries.length,
      convex: ndcgOf(queries, { fused: 1 }),
      fromOthers: ndcgOf(queries, fit(sources.filter((source) => source.name !== name))),
      fromAll: ndcgOf(queries, all),
    })),
  };
}

/** Writes both as the next versions of their names and gives these. */
export async function writeFusion(checkout: string, { weights, withoutScifact }: FittedFusion): Promise<string[]> {
  const folder = "packages/retrieval/src/fusion/weights";
  const documentation = `questions made of the headings of the archives ${archives.join(", ")}`;
  const scifact = "SciFact's claims of the split train";
  const by = "pnpm eval fit-fusion --write";
  return await writeFitted(checkout, folder, [
    { family: "fusion", by, data: [documentation, scifact], content: { ...weights } },
    { family: "fusion-without-scifact", by, data: [documentation], content: { ...withoutScifact } },
  ]);
}

const collectedSchema = z.array(
  z.object({
    id: z.string(),
    rows: z.array(z.string()),
    features: z.record(z.string(), z.array(z.number().nullable())),
    relevance: z.record(z.string(), z.number()),
  }),
);

async function collectSources(options: FitFusionOptions, signals: readonly string[]): Promise<FusionSource[]> {
  const { dataDir, featuresDir, log, signal } = options;
  await mkdir(featuresDir, { recursive: true });
  const kept = async (name: string, collect: () => Promise<CollectedQuery[]>): Promise<FusionSource> => {
    const path = join(featuresDir, `${name}.${signals.join("+")}.json`);
    const text = await readFile(path, "utf8").catch(() => null);
    if (text !== null) return { name, queries: collectedSchema.parse(JSON.parse(text)) };
    const queries = await collect();
    await writeFile(path, JSON.stringify(queries));
    return { name, queries };
  };
  const spec: PipelineSpec = { ...pipelines.default, fusion: { type: "convex", lexicalWeight: 0.3 } };
  // Both, one after the other: each has the machine and the cache of embeddings to itself.
  return [
    await kept("documentation", () =>
      withStore(options, async (store) => {
        const files = await readPackedMarkdown(archives.map((name) => join(dataDir, "corpora", `${name}.tar.xz`)));
        const set = makeDocumentationPairs(files, { rows: 500, queries: 300 });
        return await collectFusionFeatures({ name: "documentation", ...set, ...store, spec, signals, candidates, log, signal });
      }),
    ),
    await kept("scifact-train", () =>
      withStore(options, async (store) => {
        const folder = join(dataDir, fittedSplit.folder);
        const { queries, relevance } = await readBeirQueries(folder, fittedSplit.split);
        const set = { documents: readBeirCorpus(folder), queries, relevance };
        return await collectFusionFeatures({ name: "scifact-train", ...set, ...store, spec, signals, candidates, log, signal });
      }),
    ),
  ];
}

type Opened = Pick<CollectOptions, "store" | "embedder" | "chunkerFor" | "rerankers">;

async function withStore(options: FitFusionOptions, work: (opened: Opened) => Promise<CollectedQuery[]>): Promise<CollectedQuery[]> {
  const local = createLocalEmbedder();
  const embedder = await withEmbeddingCache(local, options.cacheDir);
  const crossEncoder = options.crossEncoderDir ? createCrossEncoder({ modelDir: options.crossEncoderDir, budgetMs: 600_000 }) : null;
  const storeDir = await mkdtemp(join(tmpdir(), "footnote-fit-"));
  try {
    const { id, dimensions } = local.space;
    const { store } = await openStore({ dataDir: storeDir, spaces: [{ id, dimensions, tokenVectors: true }] });
    try {
      const rerankers: Reranker[] = [createLateInteractionReranker({ embedder: local, tokenVectors: store.tokenVectors })];
      if (crossEncoder) rerankers.push(crossEncoder);
      return await work({ store, embedder, chunkerFor: createChunker, rerankers });
    } finally {
      await store.close();
    }
  } finally {
    await crossEncoder?.close();
    await embedder.close();
    await rm(storeDir, { recursive: true, force: true });
  }
}
