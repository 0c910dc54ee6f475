import type { ChunkId, TenantId, VersionId } from "../ids.ts";
import type { AnalyzedText } from "./lexical-index.ts";

/** What a VectorIndex finds a chunk by. */
export interface VectorEntry {
  chunkId: ChunkId;
  /** SHA-256 of the exact embedded text. */
  inputSha256: string;
  vector: Float32Array;
  tokenVectors?: Uint8Array;
}

/** What a LexicalIndex finds a chunk by. */
export interface LexicalEntry {
  chunkId: ChunkId;
  analyzed: AnalyzedText;
}

/**
 * The writing side of VectorIndex and LexicalIndex. Entries belong to a version of a document; searches find them from `show` to `hide`. Every call may
 * be repeated: it leaves what it left the first time.
 */
export interface IndexWriter<Entry extends { chunkId: ChunkId }> {
  /** Adds entries of a version that is not shown; a chunk's second entry takes the place of its first. `not_found` when the version has no such chunk. */
  write(request: { tenantId: TenantId; versionId: VersionId; entries: readonly Entry[]; signal?: AbortSignal }): Promise<void>;
  /** Searches find the version's entries from now on. */
  show(request: { tenantId: TenantId; versionId: VersionId; signal?: AbortSignal }): Promise<void>;
  /** Searches find them no longer. */
  hide(request: { tenantId: TenantId; versionId: VersionId; signal?: AbortSignal }): Promise<void>;
  /** Hides the versions and removes their entries; how many there were, by the names that a deletion's receipt has for them. */
  remove(request: { tenantId: TenantId; versionIds: readonly VersionId[]; signal?: AbortSignal }): Promise<Record<string, number>>;
}
