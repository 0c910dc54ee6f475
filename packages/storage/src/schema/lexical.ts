import { bigint, boolean, doublePrecision, index, integer, pgTable, primaryKey, real, sparsevec, text } from "drizzle-orm/pg-core";
import { termSpace } from "../term-space.ts";
import { tenantId } from "./columns.ts";

/** One row per indexed chunk: what BM25 reads, and nothing else. */
export const lexicalRows = pgTable(
  "lexical_rows",
  {
    tenantId: tenantId(),
    collectionId: text("collection_id").notNull(),
    versionId: text("version_id").notNull(),
    chunkId: text("chunk_id").notNull(),
    live: boolean("live").notNull().default(false),
    /** Tokens of the chunk, repeats counted. */
    length: integer("length").notNull(),
    /** The average length that `weights` were made with. */
    average: doublePrecision("average").notNull(),
    /** Term id → tf / (tf + k1 (1 - b + b length / average)). */
    weights: sparsevec("weights", { dimensions: termSpace }).notNull(),
    /** Collection number · 2^31 + term id: the GIN index's posting lists are per collection. */
    keys: bigint("keys", { mode: "number" }).array().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.chunkId] }),
    index("lexical_rows_version").on(table.tenantId, table.versionId),
    index("lexical_rows_collection").on(table.tenantId, table.collectionId),
  ],
);

/**
 * Document frequencies as append-only deltas: delta 0 is the folded sum, every publication adds rows under its own
 * number, a reader adds them up. No row is updated by two writers, so nothing is hot and nothing deadlocks.
 */
export const lexicalTerms = pgTable(
  "lexical_terms",
  {
    tenantId: tenantId(),
    collectionId: text("collection_id").notNull(),
    termId: integer("term_id").notNull(),
    delta: bigint("delta", { mode: "number" }).notNull(),
    documentFrequency: integer("document_frequency").notNull(),
    /** Upper bound of the term's weight in any row of this delta. */
    maxWeight: real("max_weight").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.collectionId, table.termId, table.delta] })],
);

export const lexicalTotals = pgTable(
  "lexical_totals",
  {
    tenantId: tenantId(),
    collectionId: text("collection_id").notNull(),
    delta: bigint("delta", { mode: "number" }).notNull(),
    chunkCount: integer("chunk_count").notNull(),
    totalLength: bigint("total_length", { mode: "number" }).notNull(),
    /** On delta 0: the average length at the last re-weighting. */
    weightAverage: doublePrecision("weight_average"),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.collectionId, table.delta] })],
);
