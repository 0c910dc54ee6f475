import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, real, text } from "drizzle-orm/pg-core";
import { createdAt, instant, tenantId, updatedAt } from "./columns.ts";

export const jobs = pgTable(
  "jobs",
  {
    tenantId: tenantId(),
    id: text("id").notNull(),
    kind: text("kind").notNull(),
    state: text("state").notNull(),
    stage: text("stage").notNull(),
    progress: real("progress").notNull().default(0),
    attempts: integer("attempts").notNull().default(0),
    maxAttempts: integer("max_attempts").notNull().default(5),
    error: jsonb("error"),
    result: jsonb("result"),
    cancelRequested: boolean("cancel_requested").notNull().default(false),
    collectionId: text("collection_id").notNull(),
    documentId: text("document_id"),
    versionId: text("version_id"),
    runId: text("run_id"),
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
