import { documentOpening, FootnoteError, indexedInput, indexedSpaces, sha256, throwIfAborted } from "@footnote/core";
import type { Chunker, ChunkerSpec, DocumentJobRecord, Embedder, LexicalAnalyzer, ParsedDocument, Parser, Telemetry } from "@footnote/core";
import type { Store, VersionRecord } from "@footnote/storage";
import type { JobHandler, JobTurn } from "../job-handler.ts";
import { letOthersRun, runInSteps } from "../let-others-run.ts";
import { timedStage } from "../timed-stage.ts";
import { embedChunks } from "./embed-chunks.ts";
import type { Ingestion } from "./ingestion.ts";
import { indexChunks } from "./index-chunks.ts";

export interface IngestDocumentOptions {
  store: Pick<Store, "blobs" | "collections" | "documents" | "versions" | "writers">;
  parser: Parser;
  chunkerFor(strategy: ChunkerSpec["strategy"]): Chunker;
  /** The embedder of a space; undefined when this process has none. */
  embedderFor(space: string): Embedder | undefined;
  analyzerFor(language: string): LexicalAnalyzer;
  /** Whether a space keeps token vectors for late interaction. */
  keepsTokenVectors(space: string): boolean;
  telemetry: Telemetry;
  /** Texts per embedding call. Default 32. */
  batchSize?: number;
}

/** Makes a document's version searchable: parse → chunk → embed → index → publish. The version's state is the checkpoint. */
export function createIngestDocument(options: IngestDocumentOptions): JobHandler<DocumentJobRecord> {
  const { store, telemetry, batchSize = 32 } = options;

  async function run(turn: JobTurn<DocumentJobRecord>): Promise<{ type: "done" | "more" }> {
    const { tenantId, job } = turn;
    const [version, document, collection] = await Promise.all([
      job.versionId ? store.versions.get(tenantId, job.versionId) : null,
      store.documents.get(tenantId, job.documentId),
      store.collections.get(tenantId, job.collectionId),
    ]);
    if (!version || !document || !collection) {
      throw new FootnoteError("not_found", "The document was removed before it was ingested; put it again.", { retryable: false });
    }
    if (version.state === "live" || version.state === "superseded") return { type: "done" };
    const spec = collection.settings.pipeline;
    const kept = hasParsed(version) ? await store.versions.loadParsed(tenantId, version.id) : null;
    const parsed = kept ?? (await parse(turn, version));
    const opening = spec.index.context.opening ? documentOpening(parsed) : null;
    const title = version.title ?? parsed.title;
    const ingestion: Ingestion = {
      turn,
      version,
      spec,
      inputOf: (passage) => indexedInput({ title, opening, context: spec.index.context, ...passage }),
    };
    const isIndexed = kept !== null && version.state === "indexed";
    if (!isIndexed && (await makeEntries(ingestion, parsed, { isChunked: kept !== null && hasChunks(version) })) === "more") {
      return { type: "more" };
    }
    turn.progress("publish", 0.95);
    await timedStage(telemetry, "publish", async () => await store.versions.publish(tenantId, version.id, indexedSpaces(spec)));
    return { type: "done" };
  }

  /** Chunks with their vectors and postings. */
  async function makeEntries(ingestion: Ingestion, parsed: ParsedDocument, stored: { isChunked: boolean }): Promise<"done" | "more"> {
    const { turn, version, spec } = ingestion;
    let { isChunked } = stored;
    for (;;) {
      if (!isChunked) await chunk(ingestion, parsed);
      const embedded = await embed(ingestion);
      if (embedded === "more") return "more";
      if (embedded === "done") break;
      isChunked = false;
    }
    await store.versions.reach(turn.tenantId, version.id, "embedded");
    turn.progress("index", indexFrom);
    const analyzer = options.analyzerFor(spec.index.analyzer.language);
    const indexed = await timedStage(telemetry, "index", async () => await indexChunks(ingestion, { store, analyzer }));
    if (indexed === "done") await store.versions.reach(turn.tenantId, version.id, "indexed");
    return indexed;
  }

  async function parse(turn: JobTurn, version: VersionRecord): Promise<ParsedDocument> {
    const { tenantId, signal } = turn;
    turn.progress("parse", 0.02);
    return await timedStage(telemetry, "parse", async () => {
      const bytes = await store.blobs.get({ tenantId, sha256: version.sha256, signal });
      if (!bytes) {
        throw new FootnoteError("storage_failed", "The original bytes of this version are gone; put the document again.", {
          retryable: false,
        });
      }
      const { mediaType, fileName } = version;
      const parsed = await options.parser.parse({ bytes, mediaType, ...(fileName ? { fileName } : {}), signal });
      if (!parsed.text.trim()) throw noText();
      await store.versions.saveParsed(tenantId, version.id, parsed);
      return parsed;
    });
  }

  async function chunk({ turn, version, spec, inputOf }: Ingestion, parsed: ParsedDocument): Promise<void> {
    const { signal } = turn;
    turn.progress("chunk", 0.15);
    const embedder = embedderOf(spec.index.space);
    await timedStage(telemetry, "chunk", async () => {
      const chunker = options.chunkerFor(spec.index.chunker.strategy);
      const asked = { document: parsed, spec: spec.index.chunker, countTokens: (text: string) => embedder.countTokens(text) };
      const texts = chunker.textsToEmbed ? await runInSteps(chunker.textsToEmbed(asked), signal) : null;
      const request = texts ? { ...asked, vectors: await embedAll(embedder, texts, signal) } : asked;
      const drafts = chunker.chunkInSteps ? await runInSteps(chunker.chunkInSteps(request), signal) : chunker.chunk(request);
      throwIfAborted(signal);
      if (drafts.length === 0) throw noText();
      const chunks = [];
      for (const [i, draft] of drafts.entries()) {
        const { headingPath, contextSpan } = draft;
        const text = contextSpan ? parsed.text.slice(contextSpan.start, contextSpan.end) : draft.text;
        const inputSha256 = sha256(inputOf({ headingPath, text }));
        chunks.push({ draft, inputSha256 });
        if (i % 50 === 49) await letOthersRun(signal);
      }
      await store.versions.saveChunks(turn.tenantId, version.id, chunks);
    });
  }

  /** `stale` when the stored chunks were made under another title and must be made again. */
  async function embed(ingestion: Ingestion): Promise<"done" | "more" | "stale"> {
    const spaces = indexedSpaces(ingestion.spec);
    for (const [at, space] of spaces.entries()) {
      const embedder = embedderOf(space);
      const tokenVectors = embedder.capabilities.tokenVectors && options.keepsTokenVectors(space);
      const progress = (share: number) =>
        ingestion.turn.progress("embed", embedFrom + (indexFrom - embedFrom) * ((at + share) / spaces.length));
      progress(0);
      const outcome = await timedStage(
        telemetry,
        "embed",
        async () => await embedChunks(ingestion, { store, embedder, space, tokenVectors, batchSize, progress }),
      );
      if (outcome !== "done") return outcome;
    }
    return "done";
  }

  function embedderOf(space: string): Embedder {
    const embedder = options.embedderFor(space);
    if (embedder) return embedder;
    throw new FootnoteError(
      "configuration_invalid",
      `No embedder serves the space ${space} of this collection; configure one and retry the job.`,
      { retryable: false },
    );
  }

  async function embedAll(embedder: Embedder, texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (let at = 0; at < texts.length; at += batchSize) {
      throwIfAborted(signal);
      const batch = texts.slice(at, at + batchSize);
      for (const { vector } of await embedder.embed({ texts: batch, purpose: "passage", signal })) vectors.push(vector);
    }
    return vectors;
  }

  return {
    firstStage: "parse",
    run,
    async abandon(tenantId, job, { lease, ...outcome }) {
      if (job.versionId) await store.versions.abandon(tenantId, job.versionId, { ...outcome, heldBy: { jobId: job.id, lease } });
    },
  };
}

/** Where stages begin in a job's progress. */
const embedFrom = 0.2;
const indexFrom = 0.85;

const noText = () => new FootnoteError("document_has_no_text", "The document holds no text; put one that does.");

const hasChunks = ({ state }: VersionRecord) => state === "chunked" || state === "embedded" || state === "indexed";
const hasParsed = (version: VersionRecord) => version.state === "parsed" || hasChunks(version);
