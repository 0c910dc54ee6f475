import type {
  BlobStore,
  ChunkReader,
  IndexWriter,
  LexicalEntry,
  LexicalIndex,
  TenantId,
  TokenVectorStore,
  VectorEntry,
  VectorIndex,
  VectorReader,
} from "@footnote/core";
import type { AnswerRepository } from "./store/answers.ts";
import type { AuditRepository } from "./store/audit.ts";
import type { CollectionRepository } from "./store/collections.ts";
import type { ConversationRepository } from "./store/conversations.ts";
import type { DocumentRepository } from "./store/documents.ts";
import type { DatasetRepository } from "./store/evaluation-datasets.ts";
import type { RunRepository } from "./store/evaluation-runs.ts";
import type { Idempotency } from "./store/idempotency.ts";
import type { JobRepository } from "./store/jobs.ts";
import type { KeyRepository } from "./store/keys.ts";
import type { PipelineRepository } from "./store/pipelines.ts";
import type { Routing } from "./store/routing.ts";
import type { UsageLedger } from "./store/usage.ts";
import type { VersionRepository } from "./store/versions.ts";

/** The writing side of the indexes that searches read. */
export interface IndexWriters {
  readonly lexical: IndexWriter<LexicalEntry>;
  /** Of an embedding space. */
  vectors(space: string): IndexWriter<VectorEntry>;
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

  readonly collections: CollectionRepository;
  readonly documents: DocumentRepository;
  readonly versions: VersionRepository;
  readonly jobs: JobRepository;
  readonly routing: Routing;
  readonly keys: KeyRepository;
  readonly answers: AnswerRepository;
  readonly conversations: ConversationRepository;
  readonly evaluations: DatasetRepository & RunRepository;
  readonly idempotency: Idempotency;
  readonly pipelines: PipelineRepository;
  readonly audit: AuditRepository;
  readonly usage: UsageLedger;

  /** Folds posting and statistics deltas into blocks. Safe to run at any time, from many processes. */
  maintainIndex(tenantId: TenantId): Promise<{ foldedDeltas: number }>;
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
