import { FootnoteError, type IndexWriter, type LexicalEntry, type TenantId, type VersionId } from "@footnote/core";
import { foldTerms, frequencyShift, maxFrequency, maxLength, numberShift } from "./index-rows.ts";
import type { TenantTransaction, Transaction } from "./session.ts";
import { lockVersion } from "./version-row.ts";

/** Writes terms of chunks, and the posting lists and statistics of versions that are shown. */
export function createLexicalWriter(transaction: TenantTransaction): IndexWriter<LexicalEntry> {
  return {
    write: ({ tenantId, versionId, entries, signal }) =>
      transaction(
        tenantId,
        async (tx) => {
          const version = await lockVersion(tx, versionId);
          for (let from = 0; from < entries.length; from += 200) {
            const batch = entries.slice(from, from + 200);
            const rows = batch.map(({ analyzed }) => foldTerms(analyzed));
            const stored = await tx.query(
              `insert into lexical_rows (tenant_id, collection_id, version_id, chunk_id, length, terms, frequencies)
               select $1, $2, $3, r.chunk_id, r.length, r.terms::integer[], r.frequencies::smallint[]
               from unnest($4::text[], $5::integer[], $6::text[], $7::text[]) with ordinality as r(chunk_id, length, terms, frequencies, place)
               join chunks k on k.tenant_id = $1 and k.version_id = $3 and k.id = r.chunk_id order by r.place
               on conflict (tenant_id, version_id, chunk_id) do update
                 set length = excluded.length, terms = excluded.terms, frequencies = excluded.frequencies returning 1`,
              [
                tenantId,
                version.collectionId,
                versionId,
                batch.map(({ chunkId }) => chunkId),
                batch.map(({ analyzed }) => Math.min(maxLength, analyzed.length)),
                rows.map(({ termIds }) => `{${termIds.join(",")}}`),
                rows.map(({ frequencies }) => `{${frequencies.map((frequency) => Math.min(maxFrequency, frequency)).join(",")}}`),
              ],
            );
            if (stored.length !== batch.length) {
              throw new FootnoteError("not_found", "An entry names a chunk that its version does not have; chunk it again.");
            }
          }
        },
        signal,
      ),
    show: ({ tenantId, versionId, signal }) =>
      transaction(
        tenantId,
        async (tx) => {
          const [missing] = await tx.query(
            // A scalar, not a join: see pendingChunks.
            `select k.id from chunks k where k.tenant_id = $1 and k.version_id = $2 and coalesce((
               select false from lexical_rows r where r.tenant_id = k.tenant_id and r.version_id = k.version_id and r.chunk_id = k.id limit 1), true) limit 1`,
            [tenantId, versionId],
          );
          if (missing) {
            throw new FootnoteError(
              "storage_failed",
              "A chunk is not in the lexical index, so the version cannot become live; index it first.",
            );
          }
          await post(tx, { tenantId, versionId, sign: 1 });
        },
        signal,
      ),
    hide: ({ tenantId, versionId, signal }) => transaction(tenantId, (tx) => post(tx, { tenantId, versionId, sign: -1 }), signal),
    remove: ({ tenantId, versionIds, signal }) =>
      transaction(
        tenantId,
        async (tx) => {
          for (const versionId of versionIds) await post(tx, { tenantId, versionId, sign: -1 });
          const gone = await tx.query("delete from lexical_rows where tenant_id = $1 and version_id = any($2) returning 1", [
            tenantId,
            versionIds,
          ]);
          return { postings: gone.length };
        },
        signal,
      ),
  };
}

/** Appends what the version's rows add to (or take from) its collection's postings and statistics, once. */
async function post(
  tx: Transaction,
  { tenantId, versionId, sign }: { tenantId: TenantId; versionId: VersionId; sign: 1 | -1 },
): Promise<void> {
  const changed = await tx.query("update document_versions set posted = $3 where tenant_id = $1 and id = $2 and posted <> $3 returning 1", [
    tenantId,
    versionId,
    sign > 0,
  ]);
  if (changed.length === 0) return;
  const [next] = await tx.query<{ delta: string }>("select nextval('lexical_delta_seq')::text as delta");
  const values = [tenantId, versionId, next?.delta];
  const counted = await tx.query(
    `insert into lexical_totals (tenant_id, collection_id, delta, chunk_count, total_length)
     select r.tenant_id, r.collection_id, $3::bigint, ${sign} * count(*), ${sign} * sum(r.length)
     from lexical_rows r where r.tenant_id = $1 and r.version_id = $2 group by 1, 2 returning 1`,
    values,
  );
  if (counted.length === 0) return;
  const lists =
    sign > 0
      ? `array_agg((r.number << ${numberShift}) | (u.frequency::bigint << ${frequencyShift}) | r.length order by r.number), null`
      : "'{}', array_agg(r.number)";
  await tx.query(
    `insert into lexical_terms (tenant_id, collection_id, term_id, delta, document_frequency, first_number, last_number, postings, removed)
     select r.tenant_id, r.collection_id, u.term, $3::bigint, ${sign} * count(*), min(r.number), max(r.number), ${lists}
     from lexical_rows r cross join lateral unnest(r.terms, r.frequencies) as u(term, frequency)
     where r.tenant_id = $1 and r.version_id = $2 group by 1, 2, 3 order by 3`,
    values,
  );
}
