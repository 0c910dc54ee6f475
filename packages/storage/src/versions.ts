import { FootnoteError, newId, type ParsedDocument, type TenantId, type VersionId } from "@footnote/core";
import { addStatistics, foldTerms, maxFrequency, maxLength, withdrawFromIndex } from "./index-rows.ts";
import { checkedName } from "./migrate.ts";
import { toVersion, versionColumns, type VersionRow } from "./records.ts";
import type { Session, Transaction } from "./session.ts";
import type { ChunkToStore, EmbeddingSpaceDefinition, PendingChunk, Store, VectorToStore } from "./store.ts";

const finished = ["live", "superseded", "failed", "cancelled"];

interface OpenVersion extends VersionRow {
  version_text: string | null;
}

/** The version, locked, or `not_found`; one that has ended takes no more writes. */
async function lockVersion(tx: Transaction, id: VersionId): Promise<OpenVersion> {
  const [version] = await tx.query<OpenVersion>(
    `select ${versionColumns}, text as version_text from document_versions where id = $1 for update`,
    [id],
  );
  if (!version) throw new FootnoteError("not_found", "The document version does not exist.");
  if (finished.includes(version.state)) {
    throw new FootnoteError("conflict", `The document version is ${version.state} and takes no more changes.`, {
      details: { versionId: id },
    });
  }
  return version;
}

async function setState(tx: Transaction, version: VersionRow, state: string, document: string | null): Promise<void> {
  await tx.query("update document_versions set state = $2 where id = $1", [version.id, state]);
  if (document === null) return;
  await tx.query("update documents set state = $3, updated_at = now() where id = $1 and newest_version_id = $2 and state <> 'deleting'", [
    version.document_id,
    version.id,
    document,
  ]);
}

export function createVersionRepository(session: Session, definitions: readonly EmbeddingSpaceDefinition[]): Store["versions"] {
  const spaces = definitions.map(({ id }) => checkedName(id));
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
        await dropIndexRows(tx, tenantId, id, spaces);
        await tx.query("delete from chunks where tenant_id = $1 and version_id = $2", [tenantId, id]);
        for (let from = 0; from < chunks.length; from += 200) {
          const batch = chunks.slice(from, from + 200).map((chunk, at) => ({ ...chunk, id: newId("chunk"), ordinal: from + at }));
          await insertChunks(tx, { tenantId, versionId: id, batch });
          await insertLexicalRows(tx, { tenantId, version, batch });
          // The embedded engine answers within the same turn of the event loop: without this, requests wait for the last chunk.
          await new Promise((resolve) => setImmediate(resolve));
        }
        await setState(tx, version, "chunked", "processing");
      }),
    reuseVectors: (tenantId, id, space) =>
      session.transaction(tenantId, async (tx) => {
        const { id: name, tokenVectors } = spaceOf(space);
        const version = await lockVersion(tx, id);
        const copied = await tx.query<{ chunk_id: string; source: string }>(
          `with source as (
             select distinct on (d.input_sha256) d.input_sha256, d.chunk_id, d.vector from dense_${name} d
             where d.tenant_id = $1 and d.input_sha256 in (
               select decode(k.input_sha256, 'hex') from chunks k where k.tenant_id = $1 and k.version_id = $2)
               ${tokenVectors ? `and exists (select from tokens_${name} t where t.tenant_id = d.tenant_id and t.chunk_id = d.chunk_id)` : ""}
             order by d.input_sha256, d.chunk_id
           ), added as (
             insert into dense_${name} (tenant_id, collection_id, chunk_id, version_id, input_sha256, vector)
             select $1, $3, k.id, $2, s.input_sha256, s.vector from chunks k join source s on s.input_sha256 = decode(k.input_sha256, 'hex')
             where k.tenant_id = $1 and k.version_id = $2
             on conflict (tenant_id, chunk_id) do nothing returning chunk_id, input_sha256
           ) select a.chunk_id, s.chunk_id as source from added a join source s using (input_sha256)`,
          [tenantId, id, version.collection_id],
        );
        if (tokenVectors && copied.length > 0) {
          await tx.query(
            `insert into tokens_${name} (tenant_id, chunk_id, vectors)
             select $1, c.chunk_id, t.vectors from unnest($2::text[], $3::text[]) as c(chunk_id, source)
             join tokens_${name} t on t.tenant_id = $1 and t.chunk_id = c.source
             on conflict (tenant_id, chunk_id) do update set vectors = excluded.vectors`,
            [tenantId, copied.map((row) => row.chunk_id), copied.map((row) => row.source)],
          );
        }
        return copied.length;
      }),
    pendingChunks: (tenantId, id, space, limit) =>
      session.transaction(tenantId, async (tx) => {
        const { id: name } = spaceOf(space);
        const rows = await tx.query<PendingRow>(
          `select k.id, k.ordinal, k.input_sha256, k.text, k.heading_path, k.context_start, k.context_end from chunks k
           where k.tenant_id = $1 and k.version_id = $2
             and not exists (select from dense_${name} d where d.tenant_id = k.tenant_id and d.chunk_id = k.id)
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
    async saveVectors(tenantId, id, space, vectors) {
      const definition = spaceOf(space);
      for (const vector of vectors) checkVector(vector, definition);
      if (vectors.length === 0) return;
      await session.transaction(tenantId, async (tx) => {
        const version = await lockVersion(tx, id);
        for (let from = 0; from < vectors.length; from += 200) {
          const batch = vectors.slice(from, from + 200);
          const stored = await tx.query(
            `insert into dense_${definition.id} (tenant_id, collection_id, chunk_id, version_id, input_sha256, vector)
             select $1, $2, k.id, $3, decode(v.input, 'hex'), v.vector::halfvec
             from unnest($4::text[], $5::text[], $6::text[]) as v(chunk_id, input, vector)
             join chunks k on k.tenant_id = $1 and k.version_id = $3 and k.id = v.chunk_id and k.input_sha256 = v.input
             on conflict (tenant_id, chunk_id) do update set vector = excluded.vector, input_sha256 = excluded.input_sha256 returning chunk_id`,
            [
              tenantId,
              version.collection_id,
              id,
              batch.map((item) => item.chunkId),
              batch.map((item) => item.inputSha256),
              batch.map((item) => `[${item.vector.join(",")}]`),
            ],
          );
          if (stored.length !== new Set(batch.map((item) => item.chunkId)).size) {
            throw new FootnoteError("not_found", "A vector names a chunk that its version does not have with this input; chunk it again.");
          }
          const tokens = batch.filter((item) => item.tokenVectors !== undefined);
          if (definition.tokenVectors && tokens.length > 0) {
            await tx.query(
              `insert into tokens_${definition.id} (tenant_id, chunk_id, vectors)
               select $1, v.chunk_id, decode(v.vectors, 'base64') from unnest($2::text[], $3::text[]) as v(chunk_id, vectors)
               on conflict (tenant_id, chunk_id) do update set vectors = excluded.vectors`,
              [tenantId, tokens.map((item) => item.chunkId), tokens.map((item) => Buffer.from(item.tokenVectors ?? []).toString("base64"))],
            );
          }
        }
        await setState(tx, version, "embedded", "processing");
      });
    },
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
          await dropIndexRows(tx, tenantId, id, spaces);
          return { published: false };
        }
        for (const name of names) {
          const [missing] = await tx.query(
            `select k.id from chunks k where k.tenant_id = $1 and k.version_id = $2
               and not exists (select from dense_${name} d where d.tenant_id = k.tenant_id and d.chunk_id = k.id) limit 1`,
            [tenantId, id],
          );
          if (missing)
            throw new FootnoteError("embedding_invalid", "A chunk has no vector, so the version cannot become live; embed it first.");
        }
        await addStatistics(tx, { tenantId, versionId: id, sign: 1 });
        for (const name of names) {
          await tx.query(`update dense_${name} set live = true where tenant_id = $1 and version_id = $2`, [tenantId, id]);
        }
        if (document.version_id !== null) {
          await withdrawFromIndex(tx, { tenantId, versionId: document.version_id, spaces });
          await dropIndexRows(tx, tenantId, document.version_id, spaces);
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
        if (!version || finished.includes(version.state)) return;
        await dropIndexRows(tx, tenantId, id, spaces);
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

async function insertLexicalRows(tx: Transaction, options: { tenantId: TenantId; version: VersionRow; batch: Numbered[] }) {
  const { tenantId, version, batch } = options;
  const rows = batch.map((chunk) => foldTerms(chunk.analyzed));
  await tx.query(
    `insert into lexical_rows (tenant_id, collection_id, version_id, chunk_id, length, terms, frequencies)
     select $1, $2, $3, r.chunk_id, r.length, r.terms::integer[], r.frequencies::smallint[]
     from unnest($4::text[], $5::integer[], $6::text[], $7::text[]) with ordinality as r(chunk_id, length, terms, frequencies, place) order by r.place`,
    [
      tenantId,
      version.collection_id,
      version.id,
      batch.map((chunk) => chunk.id),
      batch.map((chunk) => Math.min(maxLength, chunk.analyzed.length)),
      rows.map(({ termIds }) => `{${termIds.join(",")}}`),
      rows.map(({ frequencies }) => `{${frequencies.map((frequency) => Math.min(maxFrequency, frequency)).join(",")}}`),
    ],
  );
}

/** Index rows of a version that is not live (any more). */
async function dropIndexRows(tx: Transaction, tenantId: TenantId, versionId: VersionId, spaces: readonly string[]): Promise<void> {
  for (const space of spaces) {
    await tx.query(
      `delete from tokens_${space} where tenant_id = $1 and chunk_id in (select id from chunks where tenant_id = $1 and version_id = $2)`,
      [tenantId, versionId],
    );
    await tx.query(`delete from dense_${space} where tenant_id = $1 and version_id = $2`, [tenantId, versionId]);
  }
  await tx.query("delete from lexical_rows where tenant_id = $1 and version_id = $2", [tenantId, versionId]);
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

function checkVector(item: VectorToStore, space: EmbeddingSpaceDefinition): void {
  const invalid = (why: string) =>
    new FootnoteError("embedding_invalid", `A vector for the space ${space.id} ${why}; nothing was stored.`, {
      details: { chunkId: item.chunkId },
    });
  if (item.vector.length !== space.dimensions) throw invalid(`has ${item.vector.length} numbers instead of ${space.dimensions}`);
  if (!item.vector.every(Number.isFinite)) throw invalid("holds NaN or infinity");
  if (item.vector.every((value) => value === 0)) throw invalid("is zero");
  if (space.tokenVectors && item.tokenVectors === undefined) throw invalid("lacks its token vectors");
}
