import type { Box, ChunkId, CollectionId, DocumentId, DocumentState, Metadata, ParsedDocument, VersionId } from "@footnote/core";
import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, instant, type Problem, tenantId, updatedAt } from "./columns.ts";
import type { CollectionSettings } from "../store/collections.ts";
import type { VersionState } from "../store/versions.ts";

export const collections = pgTable(
  "collections",
  {
    tenantId: tenantId(),
    id: text("id").$type<CollectionId>().notNull(),
    name: text("name").notNull(),
    settings: jsonb("settings").$type<CollectionSettings>().notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] }), uniqueIndex("collections_name").on(table.tenantId, table.name)],
);

export const documents = pgTable(
  "documents",
  {
    tenantId: tenantId(),
    id: text("id").$type<DocumentId>().notNull(),
    collectionId: text("collection_id").$type<CollectionId>().notNull(),
    externalId: text("external_id").notNull(),
    /** Title, metadata, access and media type are those of the live version (of the newest one before the first is live). */
    title: text("title"),
    metadata: jsonb("metadata").$type<Metadata>().notNull(),
    access: text("access").array().notNull(),
    mediaType: text("media_type").notNull(),
    language: text("language"),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    state: text("state").$type<DocumentState>().notNull(),
    error: jsonb("error").$type<Problem>(),
    versionId: text("version_id").$type<VersionId>(),
    newestVersionId: text("newest_version_id").$type<VersionId>().notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex("documents_external_id").on(table.tenantId, table.collectionId, table.externalId),
    index("documents_collection").on(table.tenantId, table.collectionId, table.id),
  ],
);

export const documentVersions = pgTable(
  "document_versions",
  {
    tenantId: tenantId(),
    id: text("id").$type<VersionId>().notNull(),
    documentId: text("document_id").$type<DocumentId>().notNull(),
    collectionId: text("collection_id").$type<CollectionId>().notNull(),
    number: integer("number").notNull(),
    state: text("state").$type<VersionState>().notNull(),
    live: boolean("live").notNull().default(false),
    /** Its terms are in the posting lists. */
    posted: boolean("posted").notNull().default(false),
    sha256: text("sha256").notNull(),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    mediaType: text("media_type").notNull(),
    fileName: text("file_name"),
    /** As the caller gave it; a parsed title is `parsed_title`. */
    givenTitle: text("given_title"),
    parsedTitle: text("parsed_title"),
    language: text("language"),
    metadata: jsonb("metadata").$type<Metadata>().notNull(),
    access: text("access").array().notNull(),
    text: text("text"),
    structure: jsonb("structure").$type<Pick<ParsedDocument, "blocks" | "pages" | "warnings">>(),
    error: jsonb("error").$type<Problem>(),
    createdAt: createdAt(),
    liveAt: instant("live_at"),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex("document_versions_number").on(table.tenantId, table.documentId, table.number),
    index("document_versions_sha256").on(table.tenantId, table.sha256),
    index("document_versions_restricted")
      .on(table.tenantId, table.collectionId)
      .where(sql`${table.live} and ${table.access} <> '{}'`),
  ],
);

export const chunks = pgTable(
  "chunks",
  {
    tenantId: tenantId(),
    id: text("id").$type<ChunkId>().notNull(),
    versionId: text("version_id").$type<VersionId>().notNull(),
    ordinal: integer("ordinal").notNull(),
    startOffset: integer("start_offset").notNull(),
    endOffset: integer("end_offset").notNull(),
    text: text("text").notNull(),
    headingPath: text("heading_path").array().notNull(),
    page: integer("page"),
    boxes: jsonb("boxes").$type<Box[]>(),
    tokenCount: integer("token_count").notNull(),
    contextStart: integer("context_start"),
    contextEnd: integer("context_end"),
    inputSha256: text("input_sha256").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex("chunks_ordinal").on(table.tenantId, table.versionId, table.ordinal),
  ],
);

/** Blobs whose last reference went with a document, or that a put holds until it has made one, until the bytes are gone or kept. */
export const blobDeletions = pgTable(
  "blob_deletions",
  {
    tenantId: tenantId(),
    documentId: text("document_id").$type<DocumentId>().notNull(),
    sha256: text("sha256").notNull(),
    /** A put's: no erasure takes the bytes before. */
    heldUntil: instant("held_until"),
    /** An erasure is taking the bytes: a put waits. */
    taken: boolean("taken").notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.documentId, table.sha256] })],
);
