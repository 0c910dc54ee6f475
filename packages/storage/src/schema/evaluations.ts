import type { ActorRef, CollectionId, JobId, RunId } from "@footnote/core";
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { createdAt, instant, tenantId, updatedAt } from "./columns.ts";
import type { EvalBody, EvalRunRecord } from "../store/evaluation-runs.ts";

/** Questions of a tenant about a collection. */
export const evalDatasets = pgTable(
  "eval_datasets",
  {
    tenantId: tenantId(),
    name: text("name").notNull(),
    number: bigint("number", { mode: "number" }).generatedAlwaysAsIdentity(),
    collectionId: text("collection_id").$type<CollectionId>().notNull(),
    sha256: text("sha256").notNull(),
    caseCount: integer("case_count").notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [primaryKey({ name: "eval_datasets_pkey", columns: [table.tenantId, table.name] })],
);

export const evalCases = pgTable(
  "eval_cases",
  {
    tenantId: tenantId(),
    dataset: text("dataset").notNull(),
    id: text("id").notNull(),
    ordinal: integer("ordinal").notNull(),
    split: text("split").notNull(),
    /** External ids that its quotes stand in. */
    documents: text("documents").array().notNull(),
    sha256: text("sha256").notNull(),
    body: jsonb("body").$type<object>().notNull(),
  },
  (table) => [primaryKey({ name: "eval_cases_pkey", columns: [table.tenantId, table.dataset, table.id] })],
);

export const evalRuns = pgTable(
  "eval_runs",
  {
    tenantId: tenantId(),
    id: text("id").$type<RunId>().notNull(),
    dataset: text("dataset").notNull(),
    datasetSha256: text("dataset_sha256").notNull(),
    collectionId: text("collection_id").$type<CollectionId>().notNull(),
    split: text("split").notNull(),
    pipeline: text("pipeline").notNull(),
    pipelineHash: text("pipeline_hash").notNull(),
    /** Who began it; its job asks with that actor's rights. */
    actorType: text("actor_type").$type<ActorRef["type"]>(),
    actorId: text("actor_id"),
    caseCount: integer("case_count").notNull(),
    jobId: text("job_id").$type<JobId>().notNull(),
    corpus: text("corpus"),
    documentsChanged: boolean("documents_changed").notNull().default(false),
    judges: text("judges").array().notNull().default([]),
    summary: jsonb("summary").$type<EvalRunRecord["summary"]>(),
    createdAt: createdAt(),
    finishedAt: instant("finished_at"),
  },
  (table) => [
    primaryKey({ name: "eval_runs_pkey", columns: [table.tenantId, table.id] }),
    index("eval_runs_dataset").on(table.tenantId, table.dataset),
  ],
);

export const evalResults = pgTable(
  "eval_results",
  {
    tenantId: tenantId(),
    runId: text("run_id").$type<RunId>().notNull(),
    caseId: text("case_id").notNull(),
    ordinal: integer("ordinal").notNull(),
    tags: text("tags").array().notNull(),
    /** External ids that the result shows text of. */
    documents: text("documents").array().notNull(),
    metrics: jsonb("metrics").$type<Record<string, number | null>>().notNull(),
    body: jsonb("body").$type<EvalBody>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ name: "eval_results_pkey", columns: [table.tenantId, table.runId, table.caseId] })],
);
