import { canonicalText, createSystemClock, FootnoteError, pipelineSpecSchema } from "@footnote/core";
import type {
  Chunker,
  CollectionId,
  DocumentJobRecord,
  Embedder,
  EvaluationWork,
  JobEvents,
  LexicalAnalyzer,
  Parser,
  PipelineSpec,
  TenantId,
} from "@footnote/core";
import { createFakeEmbedder, createSilentTelemetry } from "@footnote/core/testing";
import { openTestStore } from "@footnote/storage/testing";
import type { TestStore } from "@footnote/storage/testing";
import { createDeleteDocument } from "../handlers/delete-document.ts";
import { createEvaluateRun } from "../handlers/evaluate-run.ts";
import { createIngestDocument } from "../handlers/ingest-document.ts";
import type { IngestDocumentOptions } from "../handlers/ingest-document.ts";
import { createJobRunner } from "../job-runner.ts";
import type { JobRunner, JobRunnerOptions } from "../job-runner.ts";
import { createJobEvents } from "../job-events.ts";
import { pgBossSchemas } from "../pg-boss-schema.ts";
import { testBy } from "@footnote/storage/testing";

/** Blocks are paragraphs; a text that begins with `BROKEN` cannot be read. */
export const paragraphParser: Parser = {
  mediaTypes: ["text/plain"],
  async parse({ bytes, signal }) {
    signal?.throwIfAborted();
    const text = canonicalText(Buffer.from(bytes).toString("utf8"));
    if (text.startsWith("BROKEN")) throw new FootnoteError("document_corrupt", "The file is damaged; repair it and put it again.");
    return { title: null, mediaType: "text/plain", language: "en", text, blocks: [], pages: [], warnings: [] };
  },
};

/** A chunk for each paragraph. */
export const paragraphChunker: Chunker = {
  strategy: "structure",
  chunk({ document, countTokens }) {
    return [...document.text.matchAll(/[^\n]+/gu)].map((match) => {
      const [text] = match;
      return { start: match.index, end: match.index + text.length, text, headingPath: [], tokenCount: countTokens(text) };
    });
  },
};

export const wordAnalyzer: LexicalAnalyzer = {
  language: "en",
  version: 1,
  analyze(text) {
    const counts = new Map<number, number>();
    let length = 0;
    for (const { term } of this.terms(text)) {
      const id = [...term].reduce((hash, char) => (hash * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003, 7) + 1;
      counts.set(id, (counts.get(id) ?? 0) + 1);
      length++;
    }
    const ids = [...counts.keys()].sort((a, b) => a - b);
    return { termIds: ids, frequencies: ids.map((id) => counts.get(id) ?? 0), length };
  },
  terms: (text) =>
    [...text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)].map((match) => ({
      term: match[0],
      start: match.index,
      end: match.index + match[0].length,
    })),
};

export const testSpec = pipelineSpecSchema.parse({
  name: "default",
  version: 1,
  index: {
    chunker: { strategy: "structure", maxTokens: 200, overlapTokens: 0 },
    space: "fake_64",
    context: { title: true, headingPath: true },
    analyzer: { language: "en", version: 1 },
  },
  candidates: { dense: 20, lexical: 20 },
  fusion: { type: "rrf", k: 60 },
  reranker: { type: "none" },
  topK: 5,
  packing: { strategy: "none", maxTokens: 1000 },
  answer: {
    model: "extractive",
    prompt: "p@1",
    maxSentences: 3,
    minSupport: 0.5,
    caps: { modelCalls: 1, tokens: 1000, wallClockMs: 1000, usd: 0 },
  },
});

type RunnerChanges = Partial<IngestDocumentOptions & JobRunnerOptions> & { evaluate?: (work: EvaluationWork) => Promise<"done" | "more"> };

export interface Workbench extends TestStore {
  events: JobEvents;
  runner(options?: RunnerChanges): JobRunner;
  tenant(
    pipeline?: PipelineSpec,
  ): Promise<{ tenantId: TenantId; collectionId: CollectionId; put(externalId: string, text: string): Promise<DocumentJobRecord> }>;
  close(): Promise<void>;
}

/** An embedded store with a parser, a chunker and an embedder that need no model. */
export async function openWorkbench(): Promise<Workbench> {
  const opened = await openTestStore("pglite", {
    spaces: [
      { id: "fake_64", dimensions: 64, tokenVectors: false },
      { id: "fake_32", dimensions: 32, tokenVectors: false },
    ],
    extraSchemas: pgBossSchemas(),
  });
  const { store } = opened;
  const events = createJobEvents();
  const embedder: Embedder = createFakeEmbedder();
  return {
    ...opened,
    events,
    runner({ evaluate, ...options } = {}) {
      const telemetry = createSilentTelemetry();
      const ingest = createIngestDocument({
        store,
        parser: paragraphParser,
        chunkerFor: () => paragraphChunker,
        embedderFor: () => embedder,
        analyzerFor: () => wordAnalyzer,
        keepsTokenVectors: () => false,
        telemetry,
        batchSize: 4,
        ...options,
      });
      return createJobRunner({
        store,
        handlers: {
          ingest,
          delete: createDeleteDocument({ store, telemetry }),
          evaluate: createEvaluateRun(evaluate ? { evaluate } : {}),
        },
        clock: createSystemClock(),
        telemetry,
        events,
        heartbeatMs: 30,
        staleMs: 400,
        backoff: { baseMs: 1, maxMs: 2 },
        ...options,
      });
    },
    async tenant(pipeline = testSpec) {
      const { id: tenantId } = await store.routing.createTenant({ name: `Jobs ${Math.random()}`, by: testBy });
      const { collection } = await store.collections.put(tenantId, { name: "c", settings: { pipeline }, by: testBy });
      return {
        tenantId,
        collectionId: collection.id,
        async put(externalId, text) {
          const bytes = Buffer.from(text);
          const { sha256, sizeBytes } = await store.blobs.put({ tenantId, bytes });
          const { job } = await store.documents.put(tenantId, {
            collectionId: collection.id,
            externalId,
            sha256,
            sizeBytes,
            mediaType: "text/plain",
            by: testBy,
          });
          return job;
        },
      };
    },
    close: () => opened.close(),
  };
}
