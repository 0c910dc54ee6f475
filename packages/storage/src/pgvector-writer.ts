import { FootnoteError, type IndexWriter, type TenantId, type VectorEntry, type VersionId } from "@footnote/core";
import type { TenantTransaction, Transaction } from "./session.ts";
import type { EmbeddingSpaceDefinition } from "./store.ts";
import { lockVersion } from "./version-row.ts";

/** Writes the vectors of one embedding space, and its token vectors where it keeps them. */
export function createPgvectorWriter(transaction: TenantTransaction, space: EmbeddingSpaceDefinition): IndexWriter<VectorEntry> {
  const dense = `dense_${space.id}`;
  const tokens = `tokens_${space.id}`;
  const setLive = async (tx: Transaction, { tenantId, versionId, live }: { tenantId: TenantId; versionId: VersionId; live: boolean }) => {
    await tx.query(`update ${dense} set live = $3 where tenant_id = $1 and version_id = $2 and live <> $3`, [tenantId, versionId, live]);
  };
  return {
    async write({ tenantId, versionId, entries, signal }) {
      for (const entry of entries) checkVector(entry, space);
      if (entries.length === 0) return;
      await transaction(
        tenantId,
        async (tx) => {
          const version = await lockVersion(tx, versionId);
          for (let from = 0; from < entries.length; from += 200) {
            await insertVectors(tx, {
              tenantId,
              versionId,
              collectionId: version.collectionId,
              batch: entries.slice(from, from + 200),
              space,
            });
          }
        },
        signal,
      );
    },
    show: ({ tenantId, versionId, signal }) =>
      transaction(
        tenantId,
        async (tx) => {
          const [missing] = await tx.query(
            `select k.id from chunks k where k.tenant_id = $1 and k.version_id = $2
               and not exists (select from ${dense} d where d.tenant_id = k.tenant_id and d.chunk_id = k.id) limit 1`,
            [tenantId, versionId],
          );
          if (missing)
            throw new FootnoteError("embedding_invalid", "A chunk has no vector, so the version cannot become live; embed it first.");
          await setLive(tx, { tenantId, versionId, live: true });
        },
        signal,
      ),
    hide: ({ tenantId, versionId, signal }) => transaction(tenantId, (tx) => setLive(tx, { tenantId, versionId, live: false }), signal),
    remove: ({ tenantId, versionIds, signal }) =>
      transaction(
        tenantId,
        async (tx) => {
          const goneTokens = await tx.query(
            `delete from ${tokens} t using ${dense} d
             where t.tenant_id = $1 and d.tenant_id = $1 and d.chunk_id = t.chunk_id and d.version_id = any($2) returning 1`,
            [tenantId, versionIds],
          );
          const gone = await tx.query(`delete from ${dense} where tenant_id = $1 and version_id = any($2) returning 1`, [
            tenantId,
            versionIds,
          ]);
          return { [`tokenVectors.${space.id}`]: goneTokens.length, [`vectors.${space.id}`]: gone.length };
        },
        signal,
      ),
  };
}

interface VectorBatch {
  tenantId: TenantId;
  versionId: VersionId;
  collectionId: string;
  batch: readonly VectorEntry[];
  space: EmbeddingSpaceDefinition;
}

async function insertVectors(tx: Transaction, { tenantId, versionId, collectionId, batch, space }: VectorBatch): Promise<void> {
  const stored = await tx.query(
    `insert into dense_${space.id} (tenant_id, collection_id, chunk_id, version_id, input_sha256, vector)
     select $1, $2, k.id, $3, decode(v.input, 'hex'), v.vector::halfvec
     from unnest($4::text[], $5::text[], $6::text[]) as v(chunk_id, input, vector)
     join chunks k on k.tenant_id = $1 and k.version_id = $3 and k.id = v.chunk_id and k.input_sha256 = v.input
     on conflict (tenant_id, chunk_id) do update set vector = excluded.vector, input_sha256 = excluded.input_sha256 returning chunk_id`,
    [
      tenantId,
      collectionId,
      versionId,
      batch.map(({ chunkId }) => chunkId),
      batch.map(({ inputSha256 }) => inputSha256),
      batch.map(({ vector }) => `[${vector.join(",")}]`),
    ],
  );
  if (stored.length !== new Set(batch.map(({ chunkId }) => chunkId)).size) {
    throw new FootnoteError("not_found", "A vector names a chunk that its version does not have with this input; chunk it again.");
  }
  const withTokens = batch.filter(({ tokenVectors }) => tokenVectors !== undefined);
  if (!space.tokenVectors || withTokens.length === 0) return;
  await tx.query(
    `insert into tokens_${space.id} (tenant_id, chunk_id, vectors)
     select $1, v.chunk_id, decode(v.vectors, 'base64') from unnest($2::text[], $3::text[]) as v(chunk_id, vectors)
     on conflict (tenant_id, chunk_id) do update set vectors = excluded.vectors`,
    [
      tenantId,
      withTokens.map(({ chunkId }) => chunkId),
      withTokens.map(({ tokenVectors }) => Buffer.from(tokenVectors ?? []).toString("base64")),
    ],
  );
}

/** Copies vectors that the tenant has already for equal inputs; how many chunks got theirs. */
export async function reuseVectors(
  tx: Transaction,
  { tenantId, versionId, space }: { tenantId: TenantId; versionId: VersionId; space: EmbeddingSpaceDefinition },
): Promise<number> {
  const { id: name, tokenVectors } = space;
  const version = await lockVersion(tx, versionId);
  // One look-up a chunk: joined as sets, a large document that is half embedded was compared with itself.
  const copied = await tx.query<{ chunk_id: string; source: string }>(
    `with found as materialized (
       select k.id, s.chunk_id as source, s.input_sha256, s.vector from chunks k cross join lateral (
         select d.chunk_id, d.input_sha256, d.vector from dense_${name} d
         where d.tenant_id = $1 and d.input_sha256 = decode(k.input_sha256, 'hex')
           ${tokenVectors ? `and exists (select from tokens_${name} t where t.tenant_id = d.tenant_id and t.chunk_id = d.chunk_id)` : ""}
         order by d.chunk_id limit 1
       ) s where k.tenant_id = $1 and k.version_id = $2
         and not exists (select from dense_${name} own where own.tenant_id = k.tenant_id and own.chunk_id = k.id)
     ), added as (
       insert into dense_${name} (tenant_id, collection_id, chunk_id, version_id, input_sha256, vector)
       select $1, $3, f.id, $2, f.input_sha256, f.vector from found f on conflict (tenant_id, chunk_id) do nothing
     ) select f.id as chunk_id, f.source from found f`,
    [tenantId, versionId, version.collectionId],
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
}

function checkVector(item: VectorEntry, space: EmbeddingSpaceDefinition): void {
  const invalid = (why: string) =>
    new FootnoteError("embedding_invalid", `A vector for the space ${space.id} ${why}; nothing was stored.`, {
      details: { chunkId: item.chunkId },
    });
  if (item.vector.length !== space.dimensions) throw invalid(`has ${item.vector.length} numbers instead of ${space.dimensions}`);
  if (!item.vector.every(Number.isFinite)) throw invalid("holds NaN or infinity");
  if (item.vector.every((value) => value === 0)) throw invalid("is zero");
  if (space.tokenVectors && item.tokenVectors === undefined) throw invalid("lacks its token vectors");
}
