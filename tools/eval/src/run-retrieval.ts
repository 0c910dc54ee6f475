import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createChunker } from "@footnote/chunking";
import { FootnoteError, type PipelineSpec } from "@footnote/core";
import { bundledCrossEncoderDir, createCrossEncoder, createLateInteractionReranker, createLocalEmbedder } from "@footnote/embedding";
import { formatRetrievalReport, type RetrievalReport } from "@footnote/evaluation/reports";
import { learnedWeights, pipelines, rerankerName } from "@footnote/retrieval";
import { openStore } from "@footnote/storage";
import { comparisonNames, comparisonPipeline } from "./comparison-pipelines.ts";
import { withEmbeddingCache } from "./embedding-cache.ts";
import { evaluateRetrieval } from "./retrieval.ts";

export interface RunRetrievalOptions {
  folder: string;
  /** Names of shipped pipelines. Default: all of them. */
  pipelineNames?: readonly string[];
  split?: string;
  limit?: number;
  /** Embeddings of earlier runs. Default: none are kept. */
  cacheDir?: string;
  log(line: string): void;
  signal?: AbortSignal;
}

/** `eval retrieval`: a set through a store of its own, embedded and new, that is gone afterwards. Gives the report and its table. */
export async function runRetrieval(options: RunRetrievalOptions): Promise<{ report: RetrievalReport; table: string }> {
  const { folder, pipelineNames = Object.keys(pipelines), split, limit, cacheDir, log, signal } = options;
  const specs = pipelineNames.map(namedPipeline);
  const local = createLocalEmbedder();
  const embedder = cacheDir ? await withEmbeddingCache(local, cacheDir) : local;
  const tokenVectors = local.capabilities.tokenVectors && specs.some((spec) => signalsOf(spec).includes("late-interaction"));
  const crossEncoder = createCrossEncoder({ modelDir: bundledCrossEncoderDir, budgetMs: 60_000 });
  const dataDir = await mkdtemp(join(tmpdir(), "footnote-eval-"));
  try {
    const { id, dimensions } = local.space;
    const { store } = await openStore({ dataDir, spaces: [{ id, dimensions, tokenVectors }] });
    try {
      const lateInteraction = tokenVectors ? [createLateInteractionReranker({ embedder: local, tokenVectors: store.tokenVectors })] : [];
      const rerankers = [...lateInteraction, crossEncoder];
      const report = await evaluateRetrieval({
        folder,
        pipelines: specs,
        store,
        embedder,
        chunkerFor: createChunker,
        rerankers,
        tokenVectors,
        log,
        ...(split === undefined ? {} : { split }),
        ...(limit === undefined ? {} : { limit }),
        ...(signal === undefined ? {} : { signal }),
      });
      return { report, table: formatRetrievalReport(report) };
    } finally {
      await store.close();
    }
  } finally {
    await crossEncoder.close();
    await embedder.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Names of the rerankers that a pipeline reads. */
function signalsOf({ reranker }: PipelineSpec): readonly string[] {
  if (reranker.type === "learned-linear") return learnedWeights(reranker.weights)?.signals ?? [];
  return [rerankerName(reranker) ?? ""];
}

function namedPipeline(name: string): PipelineSpec {
  const spec = Object.values(pipelines).find((candidate) => candidate.name === name) ?? comparisonPipeline(name);
  if (spec) return spec;
  throw new FootnoteError(
    "pipeline_unknown",
    `There is no pipeline ${JSON.stringify(name)}; name one of ${[...Object.keys(pipelines), ...comparisonNames].join(", ")}.`,
  );
}
