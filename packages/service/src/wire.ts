import {
  type Answer as AnswerRecord,
  type AnswerEvent,
  type Chunk as ChunkRecord,
  type DocumentRecord,
  indexHash,
  type JobRecord,
  pipelineHash,
  type PipelineSpec,
} from "@footnote/core";
import type { candidateCase } from "@footnote/evaluation";
import type {
  AcceptedDocument,
  Answer,
  AuditEntry as WireAudit,
  Chunk,
  Collection,
  Conversation,
  CreatedKey,
  Document,
  EvalCandidate,
  EvalDataset,
  EvalRun,
  Job,
  Key,
  Page,
  Pipeline,
  SearchResponse,
  Tenant,
  UsageSummary,
} from "@footnote/sdk";
import type {
  AuditEntry,
  CollectionRecord,
  ConversationRecord,
  EvalDatasetRecord,
  EvalResultRecord,
  EvalRunRecord,
  KeyRecord,
  PageResult,
  TenantRecord,
} from "@footnote/storage";
import type { AcceptedFile } from "./accept-file.ts";
import type { SearchOutcome } from "./verbs/search.ts";

const iso = (date: Date) => date.toISOString();
const isoOrNull = (date: Date | null) => date?.toISOString() ?? null;

export function toPage<T, W>(page: PageResult<T>, map: (item: T) => W): Page<W> {
  return { data: page.data.map((item) => map(item)), nextCursor: page.nextCursor };
}

export function toCollection(
  { id, name, settings, documentCount, createdAt, updatedAt }: CollectionRecord,
  warnings: readonly string[] = [],
): Collection {
  return {
    id,
    name,
    ...(settings.description === undefined ? {} : { description: settings.description }),
    pipeline: settings.pipeline.name,
    pipelineHash: pipelineHash(settings.pipeline),
    ...(settings.retention === undefined ? {} : { retention: settings.retention }),
    documentCount,
    ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  };
}

export function toPipeline(spec: PipelineSpec, shipped: boolean): Pipeline {
  return { name: spec.name, hash: pipelineHash(spec), indexHash: indexHash(spec), shipped, spec: { ...spec } };
}

export function toDocument(document: DocumentRecord, warnings: readonly string[] = []): Document {
  const {
    id,
    externalId,
    collectionId,
    title,
    mediaType,
    state,
    versionId,
    metadata,
    access,
    sizeBytes,
    language,
    error,
    createdAt,
    updatedAt,
  } = document;
  return {
    id,
    externalId,
    collectionId,
    title,
    mediaType,
    state,
    versionId,
    metadata,
    access,
    sizeBytes,
    language,
    ...(error ? { error } : {}),
    ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  };
}

export function toChunk({ id, versionId, ordinal, start, end, text, headingPath, page, boxes, tokenCount }: ChunkRecord): Chunk {
  return {
    id,
    versionId,
    ordinal,
    start,
    end,
    text,
    headingPath,
    ...(page === undefined ? {} : { page }),
    ...(boxes === undefined ? {} : { boxes }),
    tokenCount,
  };
}

export function toJob(job: JobRecord): Job {
  const { id, kind, state, stage, progress, attempts, maxAttempts, error, result, cancelRequested, collectionId, documentId, versionId } =
    job;
  return {
    id,
    kind,
    state,
    stage,
    progress,
    attempts,
    maxAttempts,
    ...(error ? { error } : {}),
    ...(result ? { result } : {}),
    cancelRequested,
    collectionId,
    documentId,
    versionId,
    ...(job.runId === null ? {} : { runId: job.runId }),
    createdAt: iso(job.createdAt),
    updatedAt: iso(job.updatedAt),
    finishedAt: isoOrNull(job.finishedAt),
  };
}

export function toAnswer(answer: AnswerRecord): Answer {
  return { ...answer, createdAt: iso(answer.createdAt) };
}

/** The events of an answer that was already given. */
export async function* eventsOf(answer: AnswerRecord): AsyncGenerator<AnswerEvent, void, undefined> {
  const { id, conversationId, pipeline, pipelineHash: hash, sources, text, citations, claims } = answer;
  yield { type: "answer-start", answerId: id, conversationId, pipeline, pipelineHash: hash };
  yield { type: "sources", hits: sources };
  if (text !== "") yield { type: "text-delta", text };
  for (const citation of citations) yield { type: "citation", ...citation };
  for (const claim of claims) yield { type: "claim", ...claim };
  const { finishReason, usage, cost, timings, degraded } = answer;
  yield { type: "answer-end", finishReason, usage, cost, timings, degraded };
}

export function toConversation({ id, collectionId, createdAt, turns }: ConversationRecord): Conversation {
  return { id, collectionId, createdAt: iso(createdAt), turns: turns.map((turn) => ({ ...turn, createdAt: iso(turn.createdAt) })) };
}

export function toKey({ id, name, scopes, collections, expiresAt, revokedAt, lastUsedAt, createdAt }: KeyRecord): Key {
  return {
    id,
    name,
    scopes,
    collections,
    expiresAt: isoOrNull(expiresAt),
    revokedAt: isoOrNull(revokedAt),
    lastUsedAt: isoOrNull(lastUsedAt),
    createdAt: iso(createdAt),
  };
}

export function toTenant({ id, name, createdAt }: TenantRecord): Tenant {
  return { id, name, createdAt: iso(createdAt) };
}

export function toAuditEntry(entry: AuditEntry): WireAudit {
  return { ...entry, actor: entry.actor.id, actorType: entry.actor.type, createdAt: iso(entry.createdAt) };
}

export function toAcceptedDocument({ document, job, version }: AcceptedFile): AcceptedDocument {
  return { document: toDocument(document), job: toJob(job), version: { id: version.id, number: version.number } };
}

export function toSearchResponse({ hits, timings, degraded, trace, pipeline, warnings }: SearchOutcome): SearchResponse {
  const corrections = trace?.corrections;
  return {
    hits,
    timings,
    degraded,
    pipeline,
    ...(corrections ? { corrections: [...corrections] } : {}),
    ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
  };
}

export function toCreatedKey({ record, key }: { record: KeyRecord; key: string }): CreatedKey {
  return { ...toKey(record), key };
}

export function toUsageSummary({ from, to, sums }: { from: Date; to: Date; sums: UsageSummary["data"] }): UsageSummary {
  return { from: iso(from), to: iso(to), data: sums };
}

export function toDataset({ name, collectionId, sha256, caseCount, createdAt, updatedAt }: EvalDatasetRecord): EvalDataset {
  return { name, collectionId, sha256, caseCount, createdAt: iso(createdAt), updatedAt: iso(updatedAt) };
}

export function toCandidate({ origin, case: row }: ReturnType<typeof candidateCase>): EvalCandidate {
  return { reviewed: false, ...row, origin };
}

const documentsChangedWarning =
  "The documents were changed while the questions were asked: some answers are from before, some from after; begin a new run for one state of them.";

export function toRun({ error, actor: _actor, documentsChanged, createdAt, finishedAt, ...run }: EvalRunRecord): EvalRun {
  return {
    ...run,
    ...(error ? { error } : {}),
    ...(documentsChanged ? { warnings: [documentsChangedWarning] } : {}),
    createdAt: iso(createdAt),
    finishedAt: isoOrNull(finishedAt),
  };
}

export function toResult({ body, metrics }: EvalResultRecord): EvalResultRecord["body"] & Pick<EvalResultRecord, "metrics"> {
  return { ...body, metrics };
}
