import type { CollectionId, DocumentId, JobId, JobKind, JobStage, JobState, RunId, VersionId } from "@footnote/core";
import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, real, text } from "drizzle-orm/pg-core";
import { type Problem, createdAt, instant, tenantId, updatedAt } from "./columns.ts";

export const jobs = pgTable(
  "jobs",
  {
    tenantId: tenantId(),
    id: text("id").$type<JobId>().notNull(),
    kind: text("kind").$type<JobKind>().notNull(),
    state: text("state").$type<JobState>().notNull(),
    stage: text("stage").$type<JobStage>().notNull(),
    progress: real("progress").notNull().default(0),
    attempts: integer("attempts").notNull().default(0),
    maxAttempts: integer("max_attempts").notNull().default(5),
    error: jsonb("error").$type<Problem>(),
    result: jsonb("result").$type<Record<string, number>>(),
    cancelRequested: boolean("cancel_requested").notNull().default(false),
    collectionId: text("collection_id").$type<CollectionId>().notNull(),
    documentId: text("document_id").$type<DocumentId>(),
    versionId: text("version_id").$type<VersionId>(),
    runId: text("run_id").$type<RunId>(),
    lease: text("lease"),
    heartbeatAt: instant("heartbeat_at"),
    runAfter: instant("run_after"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    finishedAt: instant("finished_at"),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index("jobs_document").on(table.tenantId, table.documentId),
    index("jobs_state").on(table.state, table.updatedAt),
  ],
);

export const outbox = pgTable(
  "outbox",
  {
    tenantId: tenantId(),
    id: bigint("id", { mode: "number" }).generatedAlwaysAsIdentity(),
    topic: text("topic").notNull(),
    payload: jsonb("payload").$type<Record<string, string>>().notNull(),
    runAfter: instant("run_after"),
    claimedUntil: instant("claimed_until"),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index("outbox_job")
      .on(table.tenantId, sql`(${table.payload}->>'jobId')`)
      .where(sql`${table.topic} = 'job'`),
  ],
);
