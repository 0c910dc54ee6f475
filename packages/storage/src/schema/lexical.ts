import { bigint, index, integer, pgTable, primaryKey, smallint, text, uniqueIndex } from "drizzle-orm/pg-core";
import { sql } from "drizzle-orm";
import { tenantId } from "./columns.ts";

/** One row per indexed chunk, live or not yet: its terms, from which postings are made when its version goes live. */
export const lexicalRows = pgTable(
  "lexical_rows",
  {
    tenantId: tenantId(),
    /** What postings name the chunk by. */
    number: bigint("number", { mode: "number" }).generatedAlwaysAsIdentity(),
    collectionId: text("collection_id").notNull(),
    versionId: text("version_id").notNull(),
    chunkId: text("chunk_id").notNull(),
    /** Tokens of the chunk, repeats counted. */
    length: integer("length").notNull(),
    terms: integer("terms").array().notNull(),
    frequencies: smallint("frequencies").array().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.number] }),
    uniqueIndex("lexical_rows_chunk").on(table.tenantId, table.versionId, table.chunkId),
  ],
);

/**
 * Posting lists and document frequencies. A publication appends rows under its own positive delta, a removal appends
 * negative frequencies with the numbers that are gone, folding replaces both by blocks with negative deltas; a reader
 * adds them up. No row is updated by two writers, so nothing is hot and nothing deadlocks.
 */
export const lexicalTerms = pgTable(
  "lexical_terms",
  {
    tenantId: tenantId(),
    collectionId: text("collection_id").notNull(),
    termId: integer("term_id").notNull(),
    delta: bigint("delta", { mode: "number" }).notNull(),
    documentFrequency: integer("document_frequency").notNull(),
    /** Smallest and greatest chunk number in `postings` or `removed`. */
    firstNumber: bigint("first_number", { mode: "number" }).notNull(),
    lastNumber: bigint("last_number", { mode: "number" }).notNull(),
    /** Chunk number · 2^23 + frequency · 2^14 + length, ascending. */
    postings: bigint("postings", { mode: "bigint" }).array().notNull(),
    removed: bigint("removed", { mode: "bigint" }).array(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.collectionId, table.termId, table.delta] }),
    index("lexical_terms_unfolded")
      .on(table.tenantId, table.collectionId, table.delta)
      .where(sql`delta > 0`),
  ],
);

export const lexicalTotals = pgTable(
  "lexical_totals",
  {
    tenantId: tenantId(),
    collectionId: text("collection_id").notNull(),
    /** 0 is the folded sum. */
    delta: bigint("delta", { mode: "number" }).notNull(),
    chunkCount: integer("chunk_count").notNull(),
    totalLength: bigint("total_length", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.collectionId, table.delta] })],
);
