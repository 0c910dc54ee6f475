import type {
  ActorRef,
  Answer,
  AnswerId,
  AnswerTrace,
  Attribution,
  BlobStore,
  Chunk,
  ChunkId,
  ChunkReader,
  CollectionId,
  ConversationId,
  DocumentId,
  DocumentJobRecord,
  DocumentRecord,
  EvaluationJobRecord,
  FinishReason,
  JobId,
  JobRecord,
  JobStage,
  JobState,
  KeyId,
  ChunkDraft,
  IndexWriter,
  LexicalEntry,
  LexicalIndex,
  Metadata,
  ParsedDocument,
  PipelineSpec,
  RunId,
  Scope,
  TenantId,
  TokenVectorStore,
  VectorEntry,
  VectorIndex,
  VectorReader,
  VersionId,
} from "@footnote/core";

export interface PageRequest {
  /** 1…100, default 20. */
  limit?: number;
  /** Opaque; a malformed one is `invalid_request`. */
  cursor?: string;
}
export interface PageResult<T> {
  data: T[];
  nextCursor: string | null;
}

export interface TenantRecord {
  id: TenantId;
  name: string;
  createdAt: Date;
}

export interface KeyRecord {
  id: KeyId;
  name: string;
  scopes: Scope[];
  /** Null: every collection of the tenant. */
  collections: CollectionId[] | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  createdAt: Date;
}
/** What authentication needs; found without a tenant through a listed function. Digests are SHA-256 in hex. */
export interface AuthenticationRecord {
  keyId: KeyId;
  /** Null for an operator's key. */
  tenantId: TenantId | null;
  digest: string;
  scopes: Scope[];
  collections: CollectionId[] | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
}
export interface NewKey {
  id: KeyId;
  name: string;
  digest: string;
  scopes: Scope[];
  collections?: CollectionId[] | null;
  expiresAt?: Date | null;
}

export interface CollectionSettings {
  /** The pipeline whose `index` part the collection is built with, and the default one for requests. */
  pipeline: PipelineSpec;
  description?: string;
  retention?: { versions: number };
}
export interface CollectionRecord {
  id: CollectionId;
  name: string;
  settings: CollectionSettings;
  documentCount: number;
  createdAt: Date;
  updatedAt: Date;
}

/** How a turn of a job ended. */
export type JobSettlement =
  | { state: "succeeded"; result?: Record<string, number> }
  | { state: "failed" | "dead" | "cancelled"; error: { code: string; message: string } }
  | {
      state: "queued";
      error: { code: string; message: string } | null;
      runAfter: Date;
      /** The job did nothing wrong: this turn is not counted among its attempts. Default false. */
      uncounted?: boolean;
    };

export type VersionState = "pending" | "parsed" | "chunked" | "embedded" | "indexed" | "live" | "superseded" | "failed" | "cancelled";
export interface VersionRecord {
  id: VersionId;
  documentId: DocumentId;
  collectionId: CollectionId;
  number: number;
  state: VersionState;
  /** SHA-256 of the original bytes: the blob's address. */
  sha256: string;
  sizeBytes: number;
  mediaType: string;
  fileName: string | null;
  title: string | null;
  language: string | null;
  createdAt: Date;
  liveAt: Date | null;
}

/** A chunk on its way in. */
export interface ChunkToStore {
  draft: ChunkDraft;
  /** SHA-256 of the exact embedded input. */
  inputSha256: string;
}
/** The writing side of the indexes that searches read. */
export interface IndexWriters {
  readonly lexical: IndexWriter<LexicalEntry>;
  /** Of an embedding space. */
  vectors(space: string): IndexWriter<VectorEntry>;
}
/** A chunk that an index still lacks. */
export interface PendingChunk {
  chunkId: ChunkId;
  ordinal: number;
  inputSha256: string;
  text: string;
  headingPath: string[];
  contextText: string;
}

/** Something to be delivered after its transaction: `job` leads to the queue; a derived index has a topic of its own. */
export interface OutboxRow {
  id: string;
  tenantId: TenantId;
  topic: string;
  /** Ids, never content. */
  payload: Record<string, string>;
  runAfter: Date | null;
}

/** What somebody says of an answer. */
export interface NewFeedback {
  /** Whose word it is: an actor, or a person whom the application named, by a digest of that name. */
  author: { type: ActorRef["type"] | "user"; id: string };
  rating: "up" | "down";
  reason?: string;
  comment?: string;
}

/** An answer that somebody rated down, with what a question for a golden set is made of. */
export interface RatedDownAnswer {
  id: AnswerId;
  collectionId: CollectionId;
  question: string;
  /** Earlier questions of its conversation, oldest first. */
  history: string[];
  text: string;
  finishReason: FinishReason;
  pipeline: string;
  createdAt: Date;
  /** What it cited of documents that are still there, by external id. */
  cited: { document: string; quote: string }[];
  /** How many people rated it down. */
  votes: number;
  /** Of the latest of them. */
  reason?: string;
  comment?: string;
  ratedAt: Date;
}

export interface ConversationRecord {
  id: ConversationId;
  collectionId: CollectionId;
  createdAt: Date;
  turns: { answerId: AnswerId; question: string; text: string; createdAt: Date }[];
}

export interface AuditEntry {
  actor: ActorRef;
  action: string;
  subject: string;
  requestId: string | null;
  details: Record<string, string | number | boolean | null>;
  createdAt: Date;
}
export interface UsageEntry {
  requestId: string;
  kind: "ingest" | "search" | "answer";
  /** embed, rerank, rewrite, transform, generate, parse. */
  stage: string;
  model: string;
  inputTokens: number;
  outputTokens: number;
  /** US dollars, decimal as text to keep it exact. */
  costUsd: string;
}

/** Questions of a tenant about a collection. */
export interface EvalDatasetRecord {
  name: string;
  collectionId: CollectionId;
  /** Over its cases, order left aside. */
  sha256: string;
  caseCount: number;
  createdAt: Date;
  updatedAt: Date;
}

interface EvalContext {
  document: string;
  start: number;
  end: number;
  text: string;
}
/** Of a result, what erasure looks at; everything else of it is kept as it is. */
export interface EvalBody {
  case: { id: string; spans: { document: string; quote: string }[]; referenceAnswer?: string };
  answer: {
    text: string;
    sentences: { text: string; citations: EvalContext[] }[];
    contexts: EvalContext[];
    ranking: EvalContext[];
  };
}

export interface EvalRunRecord {
  id: RunId;
  dataset: string;
  /** Over the cases of its split when it was begun. */
  datasetSha256: string;
  collectionId: CollectionId;
  split: string;
  pipeline: string;
  pipelineHash: string;
  /** Who began it; null for a run from before that was kept. */
  actor: ActorRef | null;
  /** Cases when it was begun, also where an erasure took some of them since. */
  caseCount: number;
  /** Cases that have their result. */
  doneCount: number;
  jobId: JobId;
  /** Its job's; `succeeded` once it is finished. */
  state: JobState;
  error: { code: string; message: string } | null;
  /** Hash of the documents, and who judged; null and empty before the first result. */
  corpus: string | null;
  judges: string[];
  /** Whether the documents at its end were others than at its beginning; false until then. */
  documentsChanged: boolean;
  /** Mean and interval of each metric in each slice, once it is finished. */
  summary: { metric: string; slice: string; mean: number; low: number; high: number; count: number }[] | null;
  createdAt: Date;
  finishedAt: Date | null;
}

export interface EvalResultRecord<B = EvalBody> {
  caseId: string;
  /** Place in its run, from 0. */
  ordinal: number;
  tags: string[];
  /** External ids of the documents whose text it shows, its case's quotes included. */
  documents: string[];
  metrics: Record<string, number | null>;
  body: B;
}

/**
 * Everything Footnote keeps. Each method opens and ends its own transactions under the tenant's row-level security;
 * the tenant comes first. What exists in another tenant does not exist here: lookups return null, writes throw `not_found`.
 */
export interface Store {
  readonly engine: "pglite" | "postgres";
  readonly blobs: BlobStore;
  readonly chunks: ChunkReader;
  readonly lexical: LexicalIndex;
  readonly dense: VectorIndex;
  readonly vectors: VectorReader;
  readonly tokenVectors: TokenVectorStore;
  /** The writing side of `lexical` and `dense`. Vectors of wrong length, with NaN or infinity are refused (`embedding_invalid`) before anything is stored. */
  readonly writers: IndexWriters;

  readonly collections: {
    /** Creates or updates by name. An update that changes the index part of a non-empty collection's pipeline throws `pipeline_incompatible`. */
    put(
      tenantId: TenantId,
      collection: { name: string; settings: CollectionSettings; by: Attribution },
    ): Promise<{ collection: CollectionRecord; created: boolean }>;
    get(tenantId: TenantId, nameOrId: string): Promise<CollectionRecord | null>;
    list(tenantId: TenantId, page: PageRequest & { only?: CollectionId[] | null }): Promise<PageResult<CollectionRecord>>;
    /** Documents by the language of the version that readers see; a collection without any is not in the result. */
    languages(
      tenantId: TenantId,
      ids: readonly CollectionId[],
    ): Promise<Map<CollectionId, { language: string | null; documents: number }[]>>;
  };

  readonly documents: {
    /** One transaction: document, version, job, outbox row. Bytes were put into `blobs` before. Same bytes as the live version, same title, metadata and access: still a job, which finds everything reusable. */
    put(
      tenantId: TenantId,
      document: {
        collectionId: CollectionId;
        externalId: string;
        sha256: string;
        sizeBytes: number;
        /** What was put into `blobs`: an erasure of the same bytes that runs at this moment cannot take them away then. */
        bytes?: Uint8Array;
        mediaType: string;
        fileName?: string;
        title?: string;
        metadata?: Metadata;
        access?: string[];
        by: Attribution;
      },
    ): Promise<{ document: DocumentRecord; version: VersionRecord; job: DocumentJobRecord }>;
    get(tenantId: TenantId, id: DocumentId): Promise<DocumentRecord | null>;
    list(tenantId: TenantId, collectionId: CollectionId, page: PageRequest): Promise<PageResult<DocumentRecord>>;
    /** Null when the version is unknown, not of this document, or has no text yet. Default version: the live one. */
    text(tenantId: TenantId, id: DocumentId, versionId?: VersionId): Promise<{ text: string; version: VersionRecord } | null>;
    chunks(tenantId: TenantId, id: DocumentId, page: PageRequest & { versionId?: VersionId }): Promise<PageResult<Chunk> | null>;
    /** Marks it `deleting` (readers no longer see it) and writes the deletion job. */
    requestDeletion(tenantId: TenantId, id: DocumentId, by: Attribution): Promise<DocumentJobRecord | null>;
    /** Removes rows, vectors, postings, token vectors, idempotency bodies; redacts answers and conversations that quote it; then unreferenced blobs. Idempotent; returns the receipt. */
    erase(tenantId: TenantId, id: DocumentId, by: Attribution): Promise<Record<string, number>>;
  };

  readonly versions: {
    get(tenantId: TenantId, id: VersionId): Promise<VersionRecord | null>;
    saveParsed(tenantId: TenantId, id: VersionId, parsed: ParsedDocument): Promise<void>;
    loadParsed(tenantId: TenantId, id: VersionId): Promise<ParsedDocument | null>;
    /** Replaces whatever chunks the version had, and takes their entries out of the indexes; not live yet. In batches; idempotent by ordinal. */
    saveChunks(tenantId: TenantId, id: VersionId, chunks: readonly ChunkToStore[]): Promise<void>;
    /** Copies vectors that the tenant already has in this space for equal inputs; returns how many chunks got theirs. */
    reuseVectors(tenantId: TenantId, id: VersionId, space: string): Promise<number>;
    /** Chunks without a vector in this space, or (null) without an entry in the lexical index, in order. */
    pendingChunks(tenantId: TenantId, id: VersionId, space: string | null, limit: number): Promise<PendingChunk[]>;
    /** How many chunks the version has, and how many of them `pendingChunks` has still to give. */
    countChunks(tenantId: TenantId, id: VersionId, space: string | null): Promise<{ total: number; pending: number }>;
    /** Every chunk of the version has its vectors, or is in every index: its checkpoint. */
    reach(tenantId: TenantId, id: VersionId, state: "embedded" | "indexed"): Promise<void>;
    /** The atomic flip: the new version becomes live, the old one's index rows go, statistics change, old versions beyond retention that no answer cites are removed. A version older than the live one is superseded instead. Fails with `embedding_invalid` when a chunk lacks its vector in one of the spaces, with `storage_failed` when it is not in the lexical index. */
    publish(tenantId: TenantId, id: VersionId, spaces: string | readonly string[]): Promise<{ published: boolean }>;
    /** Ends a version that will not become live and drops its partial rows. */
    abandon(
      tenantId: TenantId,
      id: VersionId,
      outcome: { state: "failed" | "cancelled"; error: { code: string; message: string } },
    ): Promise<void>;
  };

  readonly jobs: {
    get(tenantId: TenantId, id: JobId): Promise<JobRecord | null>;
    list(
      tenantId: TenantId,
      page: PageRequest & { state?: JobState; documentId?: DocumentId; collectionId?: CollectionId },
    ): Promise<PageResult<JobRecord>>;
    /** queued or stale running → running, attempts + 1, a fresh lease token. Null when the job is finished, not due, or another worker's heartbeat is younger than `staleMs`. */
    start(tenantId: TenantId, id: JobId, options: { staleMs: number }): Promise<{ job: JobRecord; lease: string } | null>;
    /** Stage, progress (which never goes back) and heartbeat; `lost` when the lease is no longer ours, `cancel` when a cancel was asked for. */
    heartbeat(
      tenantId: TenantId,
      id: JobId,
      lease: string,
      state: { stage: JobStage; progress: number },
    ): Promise<"ok" | "cancel" | "lost">;
    /** Ends the turn that holds the lease; false when another one holds it. A job that is queued again gets its outbox row. */
    finish(tenantId: TenantId, id: JobId, lease: string, settlement: JobSettlement): Promise<boolean>;
    /** A queued job is cancelled at once; a running one is asked to; a finished one stays as it is. Null: unknown. */
    cancel(tenantId: TenantId, id: JobId, by: Attribution): Promise<JobRecord | null>;
    /** failed, dead or cancelled → queued with an outbox row. `conflict` otherwise. Null: unknown. */
    retry(tenantId: TenantId, id: JobId, by: Attribution): Promise<JobRecord | null>;
  };

  /** Work without a tenant: ids and routing fields only, through the listed SECURITY DEFINER functions. */
  readonly routing: {
    authenticate(keyId: KeyId): Promise<AuthenticationRecord | null>;
    touchKey(keyId: KeyId): Promise<void>;
    createTenant(tenant: { name: string; by: Attribution }): Promise<TenantRecord>;
    getTenant(id: TenantId): Promise<TenantRecord | null>;
    listTenants(page: PageRequest): Promise<PageResult<TenantRecord>>;
    /** Makes an operator's key (fn_op_…); rows in a table of their own. */
    createOperatorKey(key: { id: KeyId; name: string; digest: string; by: Attribution }): Promise<void>;
    countOperatorKeys(): Promise<number>;
    /** Claims up to `limit` undelivered outbox rows of these topics for `leaseMs`; fair over tenants (round robin). */
    claimOutbox(options: { topics: readonly string[]; limit: number; leaseMs: number }): Promise<OutboxRow[]>;
    completeOutbox(ids: readonly string[]): Promise<void>;
    /** Jobs that are queued and due, or running with a heartbeat older than `staleMs`, and have no outbox row: what a crash left behind. */
    strandedJobs(options: { staleMs: number; limit: number }): Promise<{ tenantId: TenantId; jobId: JobId }[]>;
    /** Tenants whose postings and lexical statistics have unfolded deltas. */
    tenantsWithIndexWork(limit: number): Promise<TenantId[]>;
  };
  /** Folds posting and statistics deltas into blocks. Safe to run at any time, from many processes. */
  maintainIndex(tenantId: TenantId): Promise<{ foldedDeltas: number }>;

  readonly keys: {
    create(tenantId: TenantId, key: NewKey, by: Attribution): Promise<KeyRecord>;
    list(tenantId: TenantId, page: PageRequest): Promise<PageResult<KeyRecord>>;
    revoke(tenantId: TenantId, id: KeyId, by: Attribution): Promise<KeyRecord | null>;
  };

  readonly answers: {
    /** Throws `conflict` when a document that it shows is gone. */
    save(tenantId: TenantId, answer: Answer, saved: { collectionId: CollectionId; trace?: AnswerTrace; by: Attribution }): Promise<void>;
    get(tenantId: TenantId, id: AnswerId): Promise<Answer | null>;
    /** Null also for an answer that was stored without one. */
    trace(tenantId: TenantId, id: AnswerId): Promise<AnswerTrace | null>;
    /** One word per author: a later one takes the place of the earlier. False: there is no such answer. */
    saveFeedback(tenantId: TenantId, id: AnswerId, feedback: NewFeedback, by: Attribution): Promise<boolean>;
    /** Answers that somebody rated down, newest answer first, with the latest bad word about each. Null collections: all. */
    listRatedDown(
      tenantId: TenantId,
      options: { collections: readonly CollectionId[] | null; page: PageRequest },
    ): Promise<PageResult<RatedDownAnswer>>;
  };
  readonly conversations: {
    create(tenantId: TenantId, collectionId: CollectionId, by: Attribution): Promise<ConversationId>;
    get(tenantId: TenantId, id: ConversationId): Promise<ConversationRecord | null>;
    delete(tenantId: TenantId, id: ConversationId, by: Attribution): Promise<boolean>;
  };

  /** Datasets, runs and results. A dataset is about one collection; erasing a document removes its cases and masks it in results. */
  readonly evaluations: {
    /** Replaces a dataset of the name. `conflict` while a run over other cases of it is under way. */
    putDataset(
      tenantId: TenantId,
      dataset: {
        name: string;
        collectionId: CollectionId;
        cases: readonly { id: string; split: string; documents: readonly string[]; sha256: string; body: object }[];
        by: Attribution;
      },
    ): Promise<{ dataset: EvalDatasetRecord; created: boolean }>;
    getDataset(tenantId: TenantId, name: string): Promise<EvalDatasetRecord | null>;
    /** Newest first. `only`: of these collections. */
    listDatasets(tenantId: TenantId, page: PageRequest & { only?: readonly CollectionId[] | null }): Promise<PageResult<EvalDatasetRecord>>;
    /** Runs over it stay. False: unknown. */
    deleteDataset(tenantId: TenantId, name: string, by: Attribution): Promise<boolean>;
    /** Bodies of a split's cases, in order. */
    cases(tenantId: TenantId, name: string, options: { split: string }): Promise<unknown[]>;
    /** Writes the run, its job and the job's outbox row. */
    createRun(
      tenantId: TenantId,
      run: { dataset: string; split: string; pipeline: string; pipelineHash: string; by: Attribution },
    ): Promise<{ run: EvalRunRecord; job: EvaluationJobRecord }>;
    getRun(tenantId: TenantId, id: RunId): Promise<EvalRunRecord | null>;
    /** Newest first. */
    listRuns(
      tenantId: TenantId,
      page: PageRequest & { dataset?: string; only?: readonly CollectionId[] | null },
    ): Promise<PageResult<EvalRunRecord>>;
    /** Says over which documents and by whom results are made; those made otherwise go. */
    setUnder(tenantId: TenantId, id: RunId, under: { corpus: string | null; judges: readonly string[] }): Promise<void>;
    /**
     * One result of a case; a second one replaces it. `documentIds`: those whose text it shows. By id, because a document that was erased and put
     * again has its external id. `conflict` when one of them, or the case, which goes with a document that it quotes, is gone.
     */
    addResult(
      tenantId: TenantId,
      id: RunId,
      result: Omit<EvalResultRecord, "documents"> & { documentIds: readonly string[] },
    ): Promise<void>;
    /** Of all results, without what was answered. */
    resultMetrics(tenantId: TenantId, id: RunId): Promise<Pick<EvalResultRecord, "caseId" | "metrics">[]>;
    /** In order. `metric`: only where it applies; `below`: and is less. */
    listResults(
      tenantId: TenantId,
      id: RunId,
      page: PageRequest & { tag?: string; metric?: string; below?: number },
    ): Promise<PageResult<EvalResultRecord>>;
    /** With its results. `conflict` while its job is under way; false: unknown. */
    deleteRun(tenantId: TenantId, id: RunId, by: Attribution): Promise<boolean>;
    finishRun(
      tenantId: TenantId,
      id: RunId,
      ended: { summary: NonNullable<EvalRunRecord["summary"]>; documentsChanged: boolean },
    ): Promise<void>;
  };

  readonly idempotency: {
    /** `started`: go on and complete; `replay`: the stored reply; `mismatch`, `in-progress`. Kept 24 h; an in-progress row older than 60 s may be taken over. */
    begin(
      scope: { tenantId: TenantId | null; actor: ActorRef },
      key: string,
      requestSha256: string,
    ): Promise<{ type: "started" } | { type: "replay"; status: number; body: string } | { type: "mismatch" } | { type: "in-progress" }>;
    complete(
      scope: { tenantId: TenantId | null; actor: ActorRef },
      key: string,
      reply: { status: number; body: string; documentId?: DocumentId },
    ): Promise<void>;
    abandon(scope: { tenantId: TenantId | null; actor: ActorRef }, key: string): Promise<void>;
  };

  readonly pipelines: {
    list(tenantId: TenantId): Promise<{ id: string; spec: PipelineSpec; hash: string; createdAt: Date }[]>;
    /** Throws `invalid_request` for a name that belongs to the server. */
    put(tenantId: TenantId, spec: PipelineSpec, by: Attribution): Promise<{ id: string; hash: string }>;
  };
  readonly audit: { list(tenantId: TenantId, page: PageRequest): Promise<PageResult<AuditEntry>> };
  readonly usage: {
    record(tenantId: TenantId, entries: readonly UsageEntry[]): Promise<void>;
    summary(
      tenantId: TenantId,
      range: { from: Date; to: Date },
    ): Promise<
      { kind: string; stage: string; model: string; inputTokens: number; outputTokens: number; costUsd: string; requests: number }[]
    >;
  };

  /** A cheap query, for readyz. */
  ping(signal?: AbortSignal): Promise<void>;
  /** Waits for running transactions, then closes. */
  close(): Promise<void>;
}

/** Runs SQL on the store's own connections, for libraries that bring their own tables (pg-boss). Only packages/jobs uses it. */
export interface SqlExecutor {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number }>;
}

export interface EmbeddingSpaceDefinition {
  id: string;
  dimensions: number;
  tokenVectors: boolean;
}

export interface OpenStoreOptions {
  /** Embedded mode when absent. The app role: neither owner, superuser nor BYPASSRLS, or opening fails with `configuration_invalid`. */
  databaseUrl?: string;
  /** Embedded mode: the folder that holds `postgres/` and `blobs/`. Server mode: `blobs/` only. */
  dataDir: string;
  spaces: readonly EmbeddingSpaceDefinition[];
  /** Embedded mode migrates by itself; server mode checks and fails with `configuration_invalid` naming `footnote migrate`. */
  maxConnections?: number;
  /** Embedded mode only: schemas of libraries that bring their own tables (pg-boss); a server gets them from `migrate`. */
  extraSchemas?: readonly ExtraSchema[];
}

/** A schema that the owner makes and the app role uses. */
export interface ExtraSchema {
  name: string;
  /** Statements that make the schema and what is in it; run once for each distinct text. */
  sql: string;
}

export interface OpenedStore {
  store: Store;
  /** For packages/jobs. */
  sql: SqlExecutor;
}
