import type { ActorRef, CollectionId, DocumentId, KeyId, PipelineSpec, Scope } from "@footnote/core";
import { bigint, index, integer, jsonb, numeric, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { createdAt, instant, scopeId, tenantId } from "./columns.ts";

export const tenants = pgTable("tenants", { tenantId: tenantId(), name: text("name").notNull(), createdAt: createdAt() }, (table) => [
  primaryKey({ columns: [table.tenantId] }),
]);

export const apiKeys = pgTable(
  "api_keys",
  {
    tenantId: tenantId(),
    id: text("id").$type<KeyId>().notNull(),
    name: text("name").notNull(),
    digest: text("digest").notNull(),
    scopes: text("scopes").array().$type<Scope[]>().notNull(),
    collections: text("collections").array().$type<CollectionId[]>(),
    expiresAt: instant("expires_at"),
    revokedAt: instant("revoked_at"),
    lastUsedAt: instant("last_used_at"),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] }), index("api_keys_id").on(table.id)],
);

/** Operators belong to no tenant; only the routing functions read this table. */
export const operatorKeys = pgTable("operator_keys", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  digest: text("digest").notNull(),
  revokedAt: instant("revoked_at"),
  lastUsedAt: instant("last_used_at"),
  createdAt: createdAt(),
});

/** `scope` is the tenant, or `operator` for requests without one. */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    tenantId: scopeId(),
    actorType: text("actor_type").$type<ActorRef["type"]>().notNull(),
    actorId: text("actor_id").notNull(),
    key: text("key").notNull(),
    requestSha256: text("request_sha256").notNull(),
    status: integer("status"),
    body: text("body"),
    documentId: text("document_id").$type<DocumentId>(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.actorType, table.actorId, table.key] }),
    index("idempotency_keys_document").on(table.tenantId, table.documentId),
  ],
);

export const auditLog = pgTable(
  "audit_log",
  {
    tenantId: scopeId(),
    id: bigint("id", { mode: "number" }).generatedAlwaysAsIdentity(),
    actorType: text("actor_type").$type<ActorRef["type"]>().notNull(),
    actorId: text("actor_id").notNull(),
    action: text("action").notNull(),
    subject: text("subject").notNull(),
    requestId: text("request_id"),
    details: jsonb("details").$type<Record<string, string | number | boolean | null>>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

export const usageEntries = pgTable(
  "usage_entries",
  {
    tenantId: tenantId(),
    id: bigint("id", { mode: "number" }).generatedAlwaysAsIdentity(),
    requestId: text("request_id").notNull(),
    kind: text("kind").notNull(),
    stage: text("stage").notNull(),
    model: text("model").notNull(),
    inputTokens: bigint("input_tokens", { mode: "number" }).notNull(),
    outputTokens: bigint("output_tokens", { mode: "number" }).notNull(),
    costUsd: numeric("cost_usd", { precision: 20, scale: 10 }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] }), index("usage_entries_created").on(table.tenantId, table.createdAt)],
);

export const pipelines = pgTable(
  "pipelines",
  {
    tenantId: tenantId(),
    id: text("id").notNull(),
    name: text("name").notNull(),
    version: integer("version").notNull(),
    hash: text("hash").notNull(),
    spec: jsonb("spec").$type<PipelineSpec>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);
