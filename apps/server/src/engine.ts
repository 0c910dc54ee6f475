import type { Chunker, ChunkerSpec, Embedder, LexicalAnalyzer } from "@footnote/core";
import { createChunker } from "@footnote/chunking";
import { createLocalEmbedder, createProjectedEmbedder } from "@footnote/embedding";
import type { LocalEmbedder } from "@footnote/embedding";
import { pgBossSchemas } from "@footnote/jobs";
import { createAnalyzers } from "@footnote/retrieval";
import type { EmbeddingSpaceDefinition, ExtraSchema } from "@footnote/storage";

/** What turns text into chunks, terms and vectors: the same in the server, in the worker and in evaluations. */
export interface Engine {
  embedder: LocalEmbedder;
  spaces: EmbeddingSpaceDefinition[];
  extraSchemas: ExtraSchema[];
  embedderFor(space: string): Embedder | undefined;
  chunkerFor(strategy: ChunkerSpec["strategy"]): Chunker;
  analyzerFor(language: string): LexicalAnalyzer;
  keepsTokenVectors(space: string): boolean;
  close(): Promise<void>;
}

export function createEngine(options: { embedWorkers?: number | undefined } = {}): Engine {
  const embedder = createLocalEmbedder(options.embedWorkers === undefined ? {} : { threads: options.embedWorkers });
  const embedders: Embedder[] = [embedder, createProjectedEmbedder({ embedder })];
  const spaces = embedders.map(({ space: { id, dimensions }, capabilities: { tokenVectors } }) => ({ id, dimensions, tokenVectors }));
  return {
    embedder,
    spaces,
    extraSchemas: pgBossSchemas(),
    embedderFor: (space) => embedders.find((candidate) => candidate.space.id === space),
    chunkerFor: (strategy) => createChunker(strategy),
    analyzerFor: createAnalyzers(),
    keepsTokenVectors: (space) => spaces.some((candidate) => candidate.id === space && candidate.tokenVectors),
    close: () => embedder.close(),
  };
}
