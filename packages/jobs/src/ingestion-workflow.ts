import { documentOpening, FootnoteError, indexedInput, indexedSpaces, sha256, throwIfAborted, toFootnoteError } from "@footnote/core";
import type {
  Chunker,
  ChunkerSpec,
  Clock,
  Embedder,
  LexicalAnalyzer,
  ParsedDocument,
  Parser,
  PipelineSpec,
  QueueMessage,
  RunId,
  Telemetry,
  TenantId,
  VersionId,
} from "@footnote/core";
import type { DocumentJobRecord, EvaluationJobRecord, JobRecord, JobStage, Store, VersionRecord } from "@footnote/storage";
import { fullJitterMs } from "./backoff.ts";
import type { BackoffOptions } from "./backoff.ts";
import type { JobEvents } from "./job-events.ts";
import { lettingOthersRun } from "./letting-others-run.ts";

export interface IngestionWorkflowOptions {
  store: Store;
  parser: Parser;
  chunkerFor(strategy: ChunkerSpec["strategy"]): Chunker;
  /** The embedder of a space; undefined when this process has none. */
  embedderFor(space: string): Embedder | undefined;
  analyzerFor(language: string): LexicalAnalyzer;
  /** Whether a space keeps token vectors for late interaction. */
  keepsTokenVectors(space: string): boolean;
  clock: Clock;
  telemetry: Telemetry;
  events: JobEvents;
  /** Texts per embedding call. Default 32. */
  batchSize?: number;
  /** Also the longest time until a cancel from another process is seen. Default 750. */
  heartbeatMs?: number;
  /** Age of a heartbeat from which another worker's job may be taken over. Default 15,000; 0 where no other process can be working. */
  staleMs?: number;
  /** A run that embeds for longer than this goes back to the end of the queue, at its checkpoint, so that large files leave others a turn. Default 15,000. */
  sliceMs?: number;
  /** Called when a job went back to the queue: its outbox row is there. */
  onRequeue?: () => void;
  backoff?: BackoffOptions;
  /** Works on a run of an evaluation, from where the last try ended. Without one such jobs fail. */
  evaluate?: (run: EvaluationWork) => Promise<"done" | "more">;
}

/** A try at an evaluation's job. */
export interface EvaluationWork {
  tenantId: TenantId;
  runId: RunId;
  signal: AbortSignal;
  /** Share of its questions that have their result. */
  progress(share: number): Promise<void>;
  /** True when others should have a turn: then it ends with `more`. */
  isOver(): boolean;
}

export interface IngestionWorkflow {
  handle(message: QueueMessage, signal: AbortSignal): Promise<void>;
}

/** Runs that a job may begin, crashes included, before it is given up as one that kills its workers. */
const maxStarts = 200;

class LeaseLost extends Error {}

class SliceOver extends Error {}

/** A version with what stands before each of its chunks when they are indexed. */
interface Indexed {
  versionId: VersionId;
  title: string | null;
  opening: string | null;
}

interface Run {
  tenantId: TenantId;
  job: JobRecord;
  lease: string;
  signal: AbortSignal;
  /** When this run should leave its place to others, by performance.now(). */
  sliceEnd: number;
  progress(stage: JobStage, progress: number): Promise<void>;
}

/**
 * The stages of a job as checkpoints in the version's own state: a run begins where the last one, in whatever process,
 * was cut off, and a stage that runs twice leaves what it would have left once.
 */
export function createIngestionWorkflow(options: IngestionWorkflowOptions): IngestionWorkflow {
  const { store, clock, telemetry, events, batchSize = 32, heartbeatMs = 750, staleMs = 15_000, sliceMs = 15_000, backoff } = options;
  const logger = telemetry.logger.child({ component: "ingestion" });
  const running = new Map<string, Promise<void>>();

  async function timed<T>(stage: "parse" | "chunk" | "embed" | "index" | "publish" | "delete", work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      const result = await work();
      telemetry.stage(stage, performance.now() - began, "ok");
      return result;
    } catch (error) {
      const outcome = error instanceof SliceOver ? "ok" : toFootnoteError(error).code === "cancelled" ? "cancelled" : "error";
      telemetry.stage(stage, performance.now() - began, outcome);
      throw error;
    }
  }

  async function parse(run: Run, version: VersionRecord): Promise<ParsedDocument> {
    await run.progress("parse", 0.02);
    return await timed("parse", async () => {
      const bytes = await store.blobs.get({ tenantId: run.tenantId, sha256: version.sha256, signal: run.signal });
      if (!bytes) {
        throw new FootnoteError("storage_failed", "The original bytes of this version are gone; put the document again.", {
          retryable: false,
        });
      }
      const parsed = await options.parser.parse({
        bytes,
        mediaType: version.mediaType,
        ...(version.fileName ? { fileName: version.fileName } : {}),
        signal: run.signal,
      });
      if (!parsed.text.trim()) throw new FootnoteError("document_has_no_text", "The document holds no text; put one that does.");
      await store.versions.saveParsed(run.tenantId, version.id, parsed);
      return parsed;
    });
  }

  async function chunk(run: Run, ids: Indexed, parsed: ParsedDocument, spec: PipelineSpec) {
    await run.progress("chunk", 0.15);
    const embedder = embedderOf(spec, spec.index.space);
    await timed("chunk", async () => {
      const chunker = options.chunkerFor(spec.index.chunker.strategy);
      const analyzer = options.analyzerFor(spec.index.analyzer.language);
      const asked = { document: parsed, spec: spec.index.chunker, countTokens: (text: string) => embedder.countTokens(text) };
      const texts = chunker.textsToEmbed ? await lettingOthersRun(chunker.textsToEmbed(asked), run.signal) : null;
      const request = texts ? { ...asked, vectors: await embedAll(embedder, texts, run.signal) } : asked;
      const drafts = chunker.chunkInSteps ? await lettingOthersRun(chunker.chunkInSteps(request), run.signal) : chunker.chunk(request);
      throwIfAborted(run.signal);
      if (drafts.length === 0) throw new FootnoteError("document_has_no_text", "The document holds no text; put one that does.");
      const chunks = [];
      for (const [i, draft] of drafts.entries()) {
        const text = draft.contextSpan ? parsed.text.slice(draft.contextSpan.start, draft.contextSpan.end) : draft.text;
        const input = indexedInput({ ...ids, headingPath: draft.headingPath, text, context: spec.index.context });
        const lexical = indexedInput({ ...ids, headingPath: draft.headingPath, text: draft.text, context: spec.index.context });
        chunks.push({ draft, inputSha256: sha256(input), analyzed: analyzer.analyze(lexical) });
        // Analysis is synchronous; a large document must not keep requests and heartbeats waiting.
        if (i % 50 === 49) {
          await new Promise((resolve) => setImmediate(resolve));
          throwIfAborted(run.signal);
        }
      }
      await store.versions.saveChunks(run.tenantId, ids.versionId, chunks);
    });
  }

  function embedderOf(spec: PipelineSpec, space: string): Embedder {
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

  /** False when the stored chunks were made under another title and must be made again. */
  async function embed(run: Run, ids: Indexed, spec: PipelineSpec): Promise<boolean> {
    for (const space of indexedSpaces(spec)) if (!(await embedIn(space, run, ids, spec))) return false;
    return true;
  }

  async function embedIn(space: string, run: Run, ids: Indexed, spec: PipelineSpec): Promise<boolean> {
    const embedder = embedderOf(spec, space);
    const tokenVectors = embedder.capabilities.tokenVectors && options.keepsTokenVectors(space);
    await run.progress("embed", 0.2);
    return await timed("embed", async () => {
      await store.versions.reuseVectors(run.tenantId, ids.versionId, space);
      let done = 0;
      // The next batch is embedded while the one before is stored.
      let storing: Promise<void> = Promise.resolve();
      try {
        for (;;) {
          await storing;
          const window = await store.versions.pendingChunks(run.tenantId, ids.versionId, space, batchSize * 8);
          if (window.length === 0) return true;
          const more = window.length === batchSize * 8;
          for (let at = 0; at < window.length; at += batchSize) {
            const batch = window.slice(at, at + batchSize);
            const inputs = new Map<string, string>();
            for (const pending of batch) {
              const input = indexedInput({
                ...ids,
                headingPath: pending.headingPath,
                text: pending.contextText,
                context: spec.index.context,
              });
              if (sha256(input) !== pending.inputSha256) return false;
              inputs.set(pending.inputSha256, input);
            }
            throwIfAborted(run.signal);
            const embeddings = await embedder.embed({ texts: [...inputs.values()], purpose: "passage", tokenVectors, signal: run.signal });
            if (embeddings.length !== inputs.size) {
              throw new FootnoteError(
                "embedding_invalid",
                `The embedder returned ${embeddings.length} vectors for ${inputs.size} texts; check the embedder.`,
              );
            }
            const byInput = new Map([...inputs.keys()].map((key, i) => [key, embeddings[i]]));
            const vectors = batch.flatMap(({ chunkId, inputSha256 }) => {
              const embedding = byInput.get(inputSha256);
              if (!embedding) return [];
              return [
                {
                  chunkId,
                  inputSha256,
                  vector: embedding.vector,
                  ...(embedding.tokenVectors ? { tokenVectors: embedding.tokenVectors } : {}),
                },
              ];
            });
            await storing;
            storing = store.versions.saveVectors(run.tenantId, ids.versionId, space, vectors).catch((error: unknown) => {
              if (toFootnoteError(error).code !== "not_found") throw error;
              // A worker that had lost this job chunked it again in the meantime: the next try sees the new chunks.
              throw new FootnoteError("storage_failed", "The document was chunked again meanwhile; the job is repeated.", { cause: error });
            });
            // Reported by the await above; until then it must not count as unhandled.
            storing.catch(() => {});
            done += batch.length;
            // How many windows follow is unknown; half of what is left is a fair guess.
            const share = more ? 1 - 1 / (1 + done / (batchSize * 8)) : done / (done + (window.length - at - batch.length));
            await run.progress("embed", 0.2 + 0.65 * Math.min(1, share));
            if (performance.now() > run.sliceEnd && (more || at + batchSize < window.length)) throw new SliceOver();
          }
        }
      } finally {
        await storing;
      }
    });
  }

  async function evaluate({ tenantId, signal, sliceEnd, progress }: Run, job: EvaluationJobRecord): Promise<void> {
    if (!options.evaluate) {
      throw new FootnoteError("configuration_invalid", "This worker runs no evaluations; start one that does.", { retryable: false });
    }
    await progress("evaluate", 0);
    const outcome = await options.evaluate({
      tenantId,
      runId: job.runId,
      signal,
      progress: (share) => progress("evaluate", share * 0.99),
      isOver: () => performance.now() > sliceEnd,
    });
    if (outcome === "more") throw new SliceOver();
  }

  async function ingest(run: Run, job: DocumentJobRecord): Promise<void> {
    const { tenantId } = run;
    const [version, document, collection] = await Promise.all([
      job.versionId ? store.versions.get(tenantId, job.versionId) : null,
      store.documents.get(tenantId, job.documentId),
      store.collections.get(tenantId, job.collectionId),
    ]);
    if (!version || !document || !collection) {
      throw new FootnoteError("not_found", "The document was removed before it was ingested; put it again.", { retryable: false });
    }
    if (version.state === "live" || version.state === "superseded") return;
    const spec = collection.settings.pipeline;
    let parsed =
      version.state === "pending" || version.state === "failed" || version.state === "cancelled"
        ? null
        : await store.versions.loadParsed(tenantId, version.id);
    let chunked = parsed !== null && (version.state === "chunked" || version.state === "embedded");
    parsed ??= await parse(run, version);
    const opening = spec.index.context.opening ? documentOpening(parsed) : null;
    const ids: Indexed = { versionId: version.id, title: version.title ?? parsed.title, opening };
    for (;;) {
      if (!chunked) await chunk(run, ids, parsed, spec);
      if (await embed(run, ids, spec)) break;
      chunked = false;
    }
    await run.progress("index", 0.9);
    await run.progress("publish", 0.95);
    await timed("publish", async () => await store.versions.publish(tenantId, version.id, indexedSpaces(spec)));
  }

  /** A deletion's receipt; nothing of the others. */
  async function work(run: Run): Promise<Record<string, number> | undefined> {
    const { tenantId, job } = run;
    switch (job.kind) {
      case "delete":
        return await timed("delete", async () => await store.documents.erase(tenantId, job.documentId));
      case "evaluate":
        return void (await evaluate(run, job));
      case "ingest":
        return void (await ingest(run, job));
    }
  }

  async function settle(run: Run, state: "failed" | "dead" | "cancelled", thrown: FootnoteError): Promise<void> {
    const error = { code: thrown.code, message: thrown.message };
    if (run.job.kind === "ingest" && run.job.versionId) {
      await store.versions.abandon(run.tenantId, run.job.versionId, { state: state === "cancelled" ? "cancelled" : "failed", error });
    }
    await store.jobs.finish(run.tenantId, run.job.id, run.lease, { state, error });
  }

  async function runJob(message: QueueMessage, outer: AbortSignal): Promise<void> {
    const { tenantId, jobId } = message;
    const started = await store.jobs.start(tenantId, jobId, { staleMs });
    // Finished, not due, or in another worker's hands: what is left behind there is found by its heartbeat.
    if (!started) return;
    const { job, lease } = started;
    const began = performance.now();
    const abort = new AbortController();
    const signal = AbortSignal.any([outer, abort.signal]);
    let stage: JobStage = job.kind === "delete" ? "erase" : job.kind === "evaluate" ? "evaluate" : "parse";
    // A document begins again at its checkpoint; the turns of an evaluation add up.
    let progress = job.kind === "evaluate" ? job.progress : 0;
    let beating: Promise<void> = Promise.resolve();

    const beat = async () => {
      try {
        const state = await store.jobs.heartbeat(tenantId, jobId, lease, { stage, progress });
        if (state === "lost") abort.abort(new LeaseLost());
        else if (state === "cancel") abort.abort(new FootnoteError("cancelled", "The job was cancelled."));
      } catch (error) {
        // A missed beat is repeated; a database that stays away ends the job's own next statement.
        logger.warn({ job: jobId, code: toFootnoteError(error).code }, "a heartbeat was missed");
      }
    };
    const run: Run = {
      tenantId,
      job,
      lease,
      signal,
      sliceEnd: began + sliceMs,
      async progress(nextStage, nextProgress) {
        throwIfAborted(signal);
        stage = nextStage;
        progress = Math.max(progress, nextProgress);
        events.publish({ jobId, state: "running", stage, progress });
      },
    };
    events.publish({ jobId, state: "running", stage, progress });
    const timer = setInterval(() => {
      beating = beating.then(beat);
    }, heartbeatMs);
    const unsubscribe = events.onCancel(jobId, () => {
      beating = beating.then(beat);
    });

    const stopBeating = async () => {
      clearInterval(timer);
      unsubscribe();
      await beating;
    };
    const report = (state: JobRecord["state"], code?: string) => {
      events.publish({ jobId, state, stage: state === "succeeded" ? "done" : stage, progress: state === "succeeded" ? 1 : progress });
      const outcome =
        state === "succeeded" || (state === "queued" && code === undefined) ? "ok" : state === "cancelled" ? "cancelled" : "error";
      telemetry.stage("ingest", performance.now() - began, outcome);
      telemetry.count("footnote_jobs_total", { kind: job.kind, state });
      logger.info(
        { job: jobId, kind: job.kind, state, stage, attempts: job.attempts, code, durationMs: Math.round(performance.now() - began) },
        "job",
      );
    };

    try {
      if (job.cancelRequested) throw new FootnoteError("cancelled", "The job was cancelled.");
      if (job.attempts > maxStarts) {
        await stopBeating();
        await settle(
          run,
          "dead",
          new FootnoteError("job_interrupted", "The job was interrupted too often; look at what it is about, then retry it."),
        );
        return report("dead", "job_interrupted");
      }
      const result = await work(run);
      await stopBeating();
      await store.jobs.finish(tenantId, jobId, lease, { state: "succeeded", ...(result ? { result } : {}) });
      report("succeeded");
    } catch (thrown) {
      await stopBeating();
      let reason: unknown = abort.signal.reason;
      if (abort.signal.aborted && reason instanceof LeaseLost) return;
      if (!abort.signal.aborted && !outer.aborted) {
        // Whoever has the job now decides how it ends.
        await beat();
        reason = abort.signal.reason;
        if (reason instanceof LeaseLost) return;
      }
      const cancelled = abort.signal.aborted || job.cancelRequested;
      const error = toFootnoteError(cancelled ? (reason ?? thrown) : thrown);
      if (cancelled) {
        await settle(run, "cancelled", new FootnoteError("cancelled", "The job was cancelled on request; retry it to go on."));
        return report("cancelled", "cancelled");
      }
      if (thrown instanceof SliceOver && !outer.aborted) {
        await store.jobs.finish(tenantId, jobId, lease, { state: "queued", error: null, runAfter: new Date(clock.now()), uncounted: true });
        options.onRequeue?.();
        return report("queued");
      }
      if (outer.aborted) {
        // The worker is stopping: the job goes back as it is and continues from its checkpoint elsewhere.
        await store.jobs.finish(tenantId, jobId, lease, {
          state: "queued",
          error: { code: "shutting_down", message: "The worker was stopped; the job continues when one is running." },
          runAfter: new Date(clock.now()),
          uncounted: true,
        });
        return report("queued", "shutting_down");
      }
      if (error.code === "internal") logger.error({ job: jobId, stage }, "a job failed unexpectedly", thrown);
      const shown = { code: error.code, message: error.message };
      if (!error.retryable) {
        await settle(run, "failed", error);
        report("failed", error.code);
      } else if (job.attempts >= job.maxAttempts) {
        await settle(run, "dead", error);
        report("dead", error.code);
      } else {
        const runAfter = new Date(clock.now() + fullJitterMs(job.attempts, backoff));
        await store.jobs.finish(tenantId, jobId, lease, { state: "queued", error: shown, runAfter });
        report("queued", error.code);
      }
    }
  }

  return {
    async handle(message, signal) {
      // With staleMs 0 a second delivery would take the job from the first one in this very process; it waits for it.
      const before = running.get(message.jobId);
      const run = (before ?? Promise.resolve()).catch(() => {}).then(() => runJob(message, signal));
      running.set(message.jobId, run);
      try {
        await run;
      } finally {
        if (running.get(message.jobId) === run) running.delete(message.jobId);
      }
    },
  };
}
