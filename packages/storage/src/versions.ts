import { FootnoteError, newId, type ParsedDocument, type TenantId, type VersionId } from "@footnote/core";
import { createIndexWriters } from "./index-writers.ts";
import { reuseVectors } from "./pgvector-writer.ts";
import { toVersion, versionColumns, type VersionRow } from "./records.ts";
import { joining, type Session, type Transaction } from "./session.ts";
import type { EmbeddingSpaceDefinition, Store } from "./store.ts";
import type { ChunkToStore, PendingChunk } from "./store/versions.ts";
import { hasEnded, lockVersion, setState } from "./version-row.ts";

export function createVersionRepository(session: Session, definitions: readonly EmbeddingSpaceDefinition[]): Store["versions"] {
  /** Whether a chunk `k` lacks its vector in a space, or its postings. A scalar, so that it stays one look-up a chunk: as a join, tables without statistics are compared row by row. */
  const isPending = (space: string | null) => {
    const entry =
      space === null
        ? "from lexical_rows r where r.tenant_id = k.tenant_id and r.version_id = k.version_id and r.chunk_id = k.id"
        : `from dense_${spaceOf(space).id} d where d.tenant_id = k.tenant_id and d.chunk_id = k.id`;
    return `coalesce((select false ${entry} limit 1), true)`;
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
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<VersionRow>(`select ${versionColumns} from document_versions where id = $1`, [id]),
      );
      return row ? toVersion(row) : null;
    },
    saveParsed: (tenantId, id, parsed) =>
      session.transaction(tenantId, async (tx) => {
        const version = await lockVersion(tx, id);
        const { text, title, language, mediaType, ...structure } = parsed;
        await tx.query(
          "update document_versions set text = $2, parsed_title = $3, language = $4, media_type = $5, structure = $6::jsonb where id = $1",
          [id, text, title, language, mediaType, JSON.stringify(structure)],
        );
        await setState(tx, version, "parsed", "processing");
      }),
    async loadParsed(tenantId, id) {
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<{
          text: string | null;
          parsed_title: string | null;
          language: string | null;
          media_type: string;
          structure: Pick<ParsedDocument, "blocks" | "pages" | "warnings">;
        }>("select text, parsed_title, language, media_type, structure from document_versions where id = $1 and text is not null", [id]),
      );
      if (!row || row.text === null) return null;
      return { title: row.parsed_title, mediaType: row.media_type, language: row.language, text: row.text, ...row.structure };
    },
    saveChunks: (tenantId, id, chunks) =>
      session.transaction(tenantId, async (tx) => {
        const version = await lockVersion(tx, id);
        await removeFromIndexes(tx, { tenantId, versionIds: [id] });
        await tx.query("delete from chunks where tenant_id = $1 and version_id = $2", [tenantId, id]);
        for (let from = 0; from < chunks.length; from += 200) {
          const batch = chunks.slice(from, from + 200).map((chunk, at) => ({ ...chunk, id: newId("chunk"), ordinal: from + at }));
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
        const [row] = await tx.query<{ total: number; pending: number }>(
          `select count(*)::integer as total, (count(*) filter (where ${isPending(space)}))::integer as pending
           from chunks k where k.tenant_id = $1 and k.version_id = $2`,
          [tenantId, id],
        );
        return row ?? { total: 0, pending: 0 };
      }),
    pendingChunks: (tenantId, id, space, limit) =>
      session.transaction(tenantId, async (tx) => {
        const rows = await tx.query<PendingRow>(
          `select k.id, k.ordinal, k.input_sha256, k.text, k.heading_path, k.context_start, k.context_end from chunks k
           where k.tenant_id = $1 and k.version_id = $2
             and ${isPending(space)}
           order by k.ordinal limit $3`,
          [tenantId, id, limit],
        );
        const wide = rows.some((row) => row.context_start !== null);
        const [version] = wide ? await tx.query<{ text: string }>("select text from document_versions where id = $1", [id]) : [];
        return rows.map((row): PendingChunk => ({
          chunkId: row.id,
          ordinal: row.ordinal,
          inputSha256: row.input_sha256,
          text: row.text,
          headingPath: row.heading_path,
          contextText:
            row.context_start === null || row.context_end === null || !version
              ? row.text
              : version.text.slice(row.context_start, row.context_end),
        }));
      }),
    publish: (tenantId, id, wanted) =>
      session.transaction(tenantId, async (tx) => {
        const names = (typeof wanted === "string" ? [wanted] : wanted).map((space) => spaceOf(space).id);
        // The document first, as everywhere, so that two publications wait in one order.
        const [document] = await tx.query<{ id: string; state: string; version_id: VersionId | null; live_number: number | null }>(
          `select d.id, d.state, d.version_id, (select number from document_versions v where v.tenant_id = d.tenant_id and v.id = d.version_id) as live_number
           from documents d where d.id = (select document_id from document_versions where id = $1) for update`,
          [id],
        );
        if (!document) throw new FootnoteError("not_found", "The document version does not exist.");
        if (document.version_id === id) return { published: true };
        if (document.state === "deleting") throw new FootnoteError("conflict", "The document is being deleted.");
        const version = await lockVersion(tx, id);
        if (document.live_number !== null && document.live_number > version.number) {
          await setState(tx, version, "superseded", null);
          await removeFromIndexes(tx, { tenantId, versionIds: [id] });
          return { published: false };
        }
        const writers = createIndexWriters(joining(tx), definitions);
        for (const writer of [...names.map((name) => writers.vectors(name)), writers.lexical])
          await writer.show({ tenantId, versionId: id });
        if (document.version_id !== null) {
          await removeFromIndexes(tx, { tenantId, versionIds: [document.version_id] });
          await tx.query("update document_versions set live = false, state = 'superseded' where id = $1", [document.version_id]);
        }
        await tx.query("update document_versions set live = true, state = 'live', live_at = now() where id = $1", [id]);
        await tx.query(
          `update documents d set version_id = v.id, title = coalesce(v.given_title, v.parsed_title), metadata = v.metadata, access = v.access,
             media_type = v.media_type, language = v.language, size_bytes = v.size_bytes, updated_at = now(),
             state = case when d.newest_version_id = v.id then 'ready' else d.state end,
             error = case when d.newest_version_id = v.id then null else d.error end
           from document_versions v where v.id = $1 and d.tenant_id = v.tenant_id and d.id = v.document_id`,
          [id],
        );
        await dropOldVersions(tx, document.id);
        return { published: true };
      }),
    abandon: (tenantId, id, outcome) =>
      session.transaction(tenantId, async (tx) => {
        const [version] = await tx.query<VersionRow>(`select ${versionColumns} from document_versions where id = $1 for update`, [id]);
        if (!version || hasEnded(version)) return;
        await removeFromIndexes(tx, { tenantId, versionIds: [id] });
        await tx.query("delete from chunks where tenant_id = $1 and version_id = $2", [tenantId, id]);
        await tx.query("update document_versions set state = $2, error = $3::jsonb, text = null, structure = null where id = $1", [
          id,
          outcome.state,
          JSON.stringify(outcome.error),
        ]);
        await tx.query(
          `update documents set state = 'failed', error = $3::jsonb, updated_at = now()
           where id = $1 and newest_version_id = $2 and state <> 'deleting'`,
          [version.document_id, id, JSON.stringify(outcome.error)],
        );
      }),
  };
}

interface PendingRow {
  id: PendingChunk["chunkId"];
  ordinal: number;
  input_sha256: string;
  text: string;
  heading_path: string[];
  context_start: number | null;
  context_end: number | null;
}

type Numbered = ChunkToStore & { id: string; ordinal: number };

async function insertChunks(
  tx: Transaction,
  { tenantId, versionId, batch }: { tenantId: TenantId; versionId: VersionId; batch: Numbered[] },
) {
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

/** Superseded versions beyond the collection's retention that no answer shows. */
async function dropOldVersions(tx: Transaction, documentId: string): Promise<void> {
  const old = await tx.query<{ id: string }>(
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
  await tx.query("delete from chunks where version_id = any($1)", [ids]);
  // The bytes go with the document's erasure, which looks at this list.
  await tx.query(
    `insert into blob_deletions (tenant_id, document_id, sha256)
     select distinct tenant_id, document_id, sha256 from document_versions where id = any($1) on conflict do nothing`,
    [ids],
  );
  await tx.query("delete from document_versions where id = any($1)", [ids]);
}
