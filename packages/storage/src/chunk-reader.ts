import type { ChunkReader, LocatedChunk } from "@footnote/core";
import { and, between, eq, getTableColumns, inArray, ne, sql } from "drizzle-orm";
import { toChunk, versionColumns } from "./records.ts";
import { chunks, documents, documentVersions } from "./schema/documents.ts";
import type { Session, Transaction } from "./session.ts";

const { documentId, title, mediaType, metadata } = { ...versionColumns, metadata: documentVersions.metadata };
const url = sql<string | null>`case when jsonb_typeof(${metadata}->'url') = 'string' then ${metadata}->>'url' end`;

/** Chunks that readers may see: their document is not being deleted. */
const selectChunks = ({ db }: Transaction) =>
  db
    .select({ chunk: getTableColumns(chunks), documentId, title, mediaType, url })
    .from(chunks)
    .innerJoin(documentVersions, and(eq(documentVersions.tenantId, chunks.tenantId), eq(documentVersions.id, chunks.versionId)))
    .innerJoin(
      documents,
      and(
        eq(documents.tenantId, documentVersions.tenantId),
        eq(documents.id, documentVersions.documentId),
        ne(documents.state, "deleting"),
      ),
    );

const toLocatedChunk = ({ chunk, url, ...row }: Awaited<ReturnType<typeof selectChunks>>[number]): LocatedChunk => ({
  ...toChunk(chunk),
  ...row,
  ...(url === null ? {} : { url }),
});

export function createChunkReader(session: Session): ChunkReader {
  return {
    async read({ tenantId, chunkIds, signal }) {
      if (chunkIds.length === 0) return new Map();
      const isAsked = and(eq(chunks.tenantId, tenantId), inArray(chunks.id, [...chunkIds]));
      const rows = await session.transaction(tenantId, (tx) => selectChunks(tx).where(isAsked), signal);
      return new Map(rows.map((row) => [row.chunk.id, toLocatedChunk(row)]));
    },
    async range({ tenantId, versionId, from, to, signal }) {
      const isInRange = and(eq(chunks.tenantId, tenantId), eq(chunks.versionId, versionId), between(chunks.ordinal, from, to));
      const rows = await session.transaction(tenantId, (tx) => selectChunks(tx).where(isInRange).orderBy(chunks.ordinal), signal);
      return rows.map(toLocatedChunk);
    },
  };
}
