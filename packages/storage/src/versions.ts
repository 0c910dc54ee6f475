import { FootnoteError, newId, type ChunkId, type DocumentId, type TenantId, type VersionId } from "@footnote/core";
import { and, count, eq, inArray, ne, sql } from "drizzle-orm";
import { createIndexWriters } from "./index-writers.ts";
import { reuseVectors } from "./pgvector-writer.ts";
import { versionColumns } from "./records.ts";
import { chunks, documentVersions, documents } from "./schema/documents.ts";
import { jobs } from "./schema/work.ts";
import { joining, type Session, type Transaction } from "./session.ts";
import type { EmbeddingSpaceDefinition, Store } from "./store.ts";
import type { ChunkToStore, PendingChunk } from "./store/versions.ts";
import { lockOpenVersion, lockVersion, setState } from "./version-row.ts";

export function createVersionRepository(session: Session, definitions: readonly EmbeddingSpaceDefinition[]): Store["versions"] {
  /** Whether a chunk lacks its vector in a space, or its postings. A scalar, so that it stays one look-up a chunk: as a join, tables without statistics are compared row by row. */
  const isPending = (space: string | null) => {
    const entry =
      space === null
        ? sql`from lexical_rows r where r.tenant_id = ${chunks.tenantId} and r.version_id = ${chunks.versionId} and r.chunk_id = ${chunks.id}`
        : sql`from ${sql.identifier(`dense_${spaceOf(space).id}`)} d where d.tenant_id = ${chunks.tenantId} and d.chunk_id = ${chunks.id}`;
    return sql`coalesce((select false ${entry} limit 1), true)`;
  };
  const removeFromIndexes = async (tx: Transaction, versions: { tenantId: TenantId; versionIds: readonly VersionId[] }) => {
    for (const writer of createIndexWriters(joining(tx), definitions).all) await writer.remove(versions);
  };
  const spaceOf = (id: string): EmbeddingSpaceDefinition => {
    const space = definitions.find((candidate) => candidate.id === id);
    if (!space) throw new FootnoteError("configuration_invalid", `The embedding space ${JSON.stringify(id)} is not configured.`);
    return space;
  };
  return {
    async get(tenantId, id) {
      const [row] = await session.transaction(tenantId, ({ db }) =>
        db.select(versionColumns).from(documentVersions).where(eq(documentVersions.id, id)),
      );
      return row ?? null;
    },
    saveParsed: (tenantId, id, parsed) =>
      session.transaction(tenantId, async (tx) => {
        const version = await lockVersion(tx, id);
        const { text, title, language, mediaType, ...structure } = parsed;
        await tx.db
          .update(documentVersions)
          .set({ text, parsedTitle: title, language, mediaType, structure })
          .where(eq(documentVersions.id, id));
        await setState(tx, version, "parsed", "processing");
      }),
    async loadParsed(tenantId, id) {
      const { text, parsedTitle: title, language, mediaType, structure } = documentVersions;
      const [row] = await session.transaction(tenantId, ({ db }) =>
        db.select({ text, title, language, mediaType, structure }).from(documentVersions).where(eq(documentVersions.id, id)),
      );
      if (!row || row.text === null || row.structure === null) return null;
      return { title: row.title, mediaType: row.mediaType, language: row.language, text: row.text, ...row.structure };
    },
    saveChunks: (tenantId, id, given) =>
      session.transaction(tenantId, async (tx) => {
        const version = await lockVersion(tx, id);
        await removeFromIndexes(tx, { tenantId, versionIds: [id] });
        await tx.db.delete(chunks).where(and(eq(chunks.tenantId, tenantId), eq(chunks.versionId, id)));
        for (let from = 0; from < given.length; from += 200) {
          const batch = given.slice(from, from + 200).map((chunk, at) => ({ ...chunk, id: newId("chunk"), ordinal: from + at }));
          await insertChunks(tx, { tenantId, versionId: id, batch });
          // The embedded engine answers within the same turn of the event loop: without this, requests wait for the last chunk.
          await new Promise((resolve) => setImmediate(resolve));
        }
        await setState(tx, version, "chunked", "processing");
      }),
    reach: (tenantId, id, state) =>
      session.transaction(tenantId, async (tx) => await setState(tx, await lockVersion(tx, id), state, "processing")),
    reuseVectors: (tenantId, id, space) =>
      session.transaction(tenantId, (tx) => reuseVectors(tx, { tenantId, versionId: id, space: spaceOf(space) })),
    countChunks: (tenantId, id, space) =>
      session.transaction(tenantId, async (tx) => {
        const [row] = await tx.db
          .select({ total: count(), pending: sql<number>`(count(*) filter (where ${isPending(space)}))::integer` })
          .from(chunks)
          .where(and(eq(chunks.tenantId, tenantId), eq(chunks.versionId, id)));
        return row ?? { total: 0, pending: 0 };
      }),
    pendingChunks: (tenantId, id, space, limit) =>
      session.transaction(tenantId, async (tx) => {
        const { id: chunkId, ordinal, inputSha256, text, headingPath, contextStart, contextEnd } = chunks;
        const rows = await tx.db
          .select({ chunkId, ordinal, inputSha256, text, headingPath, contextStart, contextEnd })
          .from(chunks)
          .where(and(eq(chunks.tenantId, tenantId), eq(chunks.versionId, id), isPending(space)))
          .orderBy(ordinal)
          .limit(limit);
        const isWide = rows.some((row) => row.contextStart !== null);
        const whole = { text: documentVersions.text };
        const [version] = isWide ? await tx.db.select(whole).from(documentVersions).where(eq(documentVersions.id, id)) : [];
        return rows.map(({ contextStart: start, contextEnd: end, ...row }): PendingChunk => ({
          ...row,
          contextText: start === null || end === null || !version?.text ? row.text : version.text.slice(start, end),
        }));
      }),
    publish: (tenantId, id, wanted) =>
      session.transaction(tenantId, async (tx) => {
        const names = (typeof wanted === "string" ? [wanted] : wanted).map((space) => spaceOf(space).id);
        // The document first, as everywhere, so that two publications wait in one order.
        const { db } = tx;
        const { tenantId: ofTenant, id: versionId, documentId, number } = documentVersions;
        const isLive = and(eq(ofTenant, documents.tenantId), eq(versionId, documents.versionId));
        const live = db.select({ number }).from(documentVersions).where(isLive);
        const [document] = await db
          .select({ id: documents.id, state: documents.state, versionId: documents.versionId, liveNumber: sql<number | null>`(${live})` })
          .from(documents)
          .where(eq(documents.id, db.select({ documentId }).from(documentVersions).where(eq(versionId, id))))
          .for("update");
        if (!document) throw new FootnoteError("not_found", "The document version does not exist.");
        if (document.versionId === id) return { published: true };
        if (document.state === "deleting") throw new FootnoteError("conflict", "The document is being deleted.");
        const version = await lockVersion(tx, id);
        if (document.liveNumber !== null && document.liveNumber > version.number) {
          await setState(tx, version, "superseded", null);
          await removeFromIndexes(tx, { tenantId, versionIds: [id] });
          return { published: false };
        }
        const writers = createIndexWriters(joining(tx), definitions);
        for (const writer of [...names.map((name) => writers.vectors(name)), writers.lexical])
          await writer.show({ tenantId, versionId: id });
        if (document.versionId !== null) {
          await removeFromIndexes(tx, { tenantId, versionIds: [document.versionId] });
          await db.update(documentVersions).set({ live: false, state: "superseded" }).where(eq(versionId, document.versionId));
        }
        await db
          .update(documentVersions)
          .set({ live: true, state: "live", liveAt: sql`now()` })
          .where(eq(versionId, id));
        const { givenTitle, parsedTitle, metadata, access, mediaType, language, sizeBytes } = documentVersions;
        const isNewest = sql`${documents.newestVersionId} = ${versionId}`;
        await db
          .update(documents)
          .set({
            versionId: id,
            title: sql`coalesce(${givenTitle}, ${parsedTitle})`,
            metadata: sql`${metadata}`,
            access: sql`${access}`,
            mediaType: sql`${mediaType}`,
            language: sql`${language}`,
            sizeBytes: sql`${sizeBytes}`,
            updatedAt: sql`now()`,
            state: sql`case when ${isNewest} then 'ready' else ${documents.state} end`,
            error: sql`case when ${isNewest} then null else ${documents.error} end`,
          })
          .from(documentVersions)
          .where(and(eq(versionId, id), eq(documents.tenantId, ofTenant), eq(documents.id, documentId)));
        await dropOldVersions(tx, document.id);
        return { published: true };
      }),
    abandon: (tenantId, id, outcome) =>
      session.transaction(tenantId, async (tx) => {
        const { db } = tx;
        const { heldBy } = outcome;
        if (heldBy) {
          const held = and(eq(jobs.id, heldBy.jobId), eq(jobs.lease, heldBy.lease), eq(jobs.state, "running"));
          const [job] = await db.select({ id: jobs.id }).from(jobs).where(held).for("update");
          if (!job) return;
        }
        const version = await lockOpenVersion(tx, id);
        if (!version) return;
        await removeFromIndexes(tx, { tenantId, versionIds: [id] });
        await tx.db.delete(chunks).where(and(eq(chunks.tenantId, tenantId), eq(chunks.versionId, id)));
        const { state, error } = outcome;
        await db.update(documentVersions).set({ state, error, text: null, structure: null }).where(eq(documentVersions.id, id));
        const isNewest = and(eq(documents.id, version.documentId), eq(documents.newestVersionId, id), ne(documents.state, "deleting"));
        await db
          .update(documents)
          .set({ state: "failed", error, updatedAt: sql`now()` })
          .where(isNewest);
      }),
  };
}

type Numbered = ChunkToStore & { id: ChunkId; ordinal: number };

async function insertChunks(
  tx: Transaction,
  { tenantId, versionId, batch }: { tenantId: TenantId; versionId: VersionId; batch: Numbered[] },
) {
  // SQL: as one JSON value instead of fourteen parameters a chunk.
  await tx.query(
    `insert into chunks (tenant_id, id, version_id, ordinal, start_offset, end_offset, text, heading_path, page, boxes, token_count, context_start, context_end, input_sha256)
     select $1, c.id, $2, c.ordinal, c."start", c."end", c.text, array(select jsonb_array_elements_text(c.heading_path)), c.page,
       c.boxes, c.token_count, c.context_start, c.context_end, c.input_sha256
     from jsonb_to_recordset($3::jsonb) as c(id text, ordinal integer, "start" integer, "end" integer, text text, heading_path jsonb, page integer,
       boxes jsonb, token_count integer, context_start integer, context_end integer, input_sha256 text)`,
    [
      tenantId,
      versionId,
      JSON.stringify(
        batch.map(({ id, ordinal, draft, inputSha256 }) => ({
          id,
          ordinal,
          start: draft.start,
          end: draft.end,
          text: draft.text,
          heading_path: draft.headingPath,
          page: draft.page,
          boxes: draft.boxes,
          token_count: draft.tokenCount,
          context_start: draft.contextSpan?.start,
          context_end: draft.contextSpan?.end,
          input_sha256: inputSha256,
        })),
      ),
    ],
  );
}

/** Superseded versions beyond the collection's retention that no answer shows; SQL for the window and the copy. */
async function dropOldVersions(tx: Transaction, documentId: DocumentId): Promise<void> {
  const old = await tx.query<{ id: VersionId }>(
    `select v.id from (
       select v.id, v.tenant_id, row_number() over (order by v.number desc) as age,
         coalesce((c.settings->'retention'->>'versions')::integer, 1) as kept
       from document_versions v join collections c on c.tenant_id = v.tenant_id and c.id = v.collection_id
       where v.document_id = $1 and v.state in ('superseded', 'failed', 'cancelled')
     ) v where v.age > v.kept and not exists (select from answer_sources a where a.tenant_id = v.tenant_id and a.version_id = v.id)`,
    [documentId],
  );
  if (old.length === 0) return;
  const ids = old.map((row) => row.id);
  await tx.db.delete(chunks).where(inArray(chunks.versionId, ids));
  // The bytes go with the document's erasure, which looks at this list.
  await tx.query(
    `insert into blob_deletions (tenant_id, document_id, sha256)
     select distinct tenant_id, document_id, sha256 from document_versions where id = any($1) on conflict do nothing`,
    [ids],
  );
  await tx.db.delete(documentVersions).where(inArray(documentVersions.id, ids));
}
