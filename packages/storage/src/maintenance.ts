import type { TenantId } from "@footnote/core";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";
import { termSpace } from "./term-space.ts";
import { b, k1 } from "./index-rows.ts";

/** Average lengths that differ by more than this are worth new weights. */
const tolerance = 0.05;

/** Folds statistics and renews weights, one collection and one transaction at a time. */
export function createIndexMaintenance(session: Session): Store["maintainIndex"] {
  return async (tenantId) => {
    const done = { foldedDeltas: 0, reweightedChunks: 0 };
    const collections = await session.transaction(tenantId, (tx) =>
      tx.query<{ id: string }>("select distinct collection_id as id from lexical_totals where tenant_id = $1", [tenantId]),
    );
    for (const { id } of collections) {
      done.foldedDeltas += await foldStatistics(session, tenantId, id);
      done.reweightedChunks += await renewWeights(session, tenantId, id);
    }
    return done;
  };
}

/** The lock keeps a second folder away; readers see the deltas or their sum, never both. */
const lockCollection = "select pg_try_advisory_xact_lock(hashtextextended('lexical ' || $1 || ' ' || $2, 0)) as mine";

async function foldStatistics(session: Session, tenantId: TenantId, collectionId: string): Promise<number> {
  return session.transaction(tenantId, async (tx) => {
    const scope = [tenantId, collectionId];
    const [lock] = await tx.query<{ mine: boolean }>(lockCollection, scope);
    if (!lock?.mine) return 0;
    const [open] = await tx.query<{ count: number }>(
      "select count(*)::integer as count from lexical_totals where tenant_id = $1 and collection_id = $2 and delta <> 0",
      scope,
    );
    if (!open || open.count === 0) return 0;
    // What is added up is exactly what is deleted, whatever is appended meanwhile.
    const folded = await tx.query<{ spent: boolean }>(
      `with gone as (
         delete from lexical_terms where tenant_id = $1 and collection_id = $2 and delta <> 0
         returning term_id, document_frequency, max_weight
       ), summed as (
         select term_id, sum(document_frequency)::integer as df, max(max_weight) as max_weight from gone group by term_id
       )
       insert into lexical_terms as kept (tenant_id, collection_id, term_id, delta, document_frequency, max_weight)
       select $1, $2, term_id, 0, df, max_weight from summed
       on conflict (tenant_id, collection_id, term_id, delta) do update
         set document_frequency = kept.document_frequency + excluded.document_frequency,
             max_weight = greatest(kept.max_weight, excluded.max_weight)
       returning document_frequency <= 0 as spent`,
      scope,
    );
    if (folded.some((row) => row.spent)) {
      await tx.query(
        "delete from lexical_terms where tenant_id = $1 and collection_id = $2 and delta = 0 and document_frequency <= 0",
        scope,
      );
    }
    await tx.query(
      `with gone as (
         delete from lexical_totals where tenant_id = $1 and collection_id = $2 returning chunk_count, total_length, weight_average
       )
       insert into lexical_totals (tenant_id, collection_id, delta, chunk_count, total_length, weight_average)
       select $1, $2, 0, sum(chunk_count), sum(total_length), max(weight_average) from gone having count(*) > 0`,
      scope,
    );
    return open.count;
  });
}

/** Rows whose weights were made with another average length get new ones, a batch at a time; the bounds of their terms follow as a delta. */
async function renewWeights(session: Session, tenantId: TenantId, collectionId: string): Promise<number> {
  const scope = [tenantId, collectionId];
  let renewed = 0;
  for (;;) {
    const batch = await session.transaction(tenantId, async (tx) => {
      const [lock] = await tx.query<{ mine: boolean }>(lockCollection, scope);
      if (!lock?.mine) return 0;
      const [totals] = await tx.query<{ average: number | null }>(
        `select sum(total_length)::float8 / nullif(sum(chunk_count), 0) as average from lexical_totals where tenant_id = $1 and collection_id = $2`,
        scope,
      );
      const average = totals?.average ?? null;
      if (average === null || average <= 0) return 0;
      const rows = await tx.query<{ chunk_id: string }>(
        `with old as (
           select r.chunk_id, r.length, r.average, r.weights::text as weights from lexical_rows r
           where r.tenant_id = $1 and r.collection_id = $2 and r.live and abs(r.average / $3::float8 - 1) > ${tolerance}
           order by r.chunk_id limit 500 for update
         ), terms as (
           select o.chunk_id, split_part(e, ':', 1)::integer as term,
             -- The frequency is a whole number, so it comes back exactly.
             round(split_part(e, ':', 2)::float8 * ${k1} * (1 - ${b} + ${b} * o.length / o.average) / greatest(1 - split_part(e, ':', 2)::float8, 1e-9)) as tf,
             ${k1} * (1 - ${b} + ${b} * o.length / $3::float8) as k
           from old o, unnest(string_to_array(substring(o.weights from 2 for position('}' in o.weights) - 2), ',')) e where e <> ''
         ), made as (
           select t.chunk_id, ('{' || string_agg(t.term || ':' || t.tf / (t.tf + t.k), ',' order by t.term) || '}/${termSpace}')::sparsevec as weights
           from terms t group by t.chunk_id
         ), bounds as (
           insert into lexical_terms (tenant_id, collection_id, term_id, delta, document_frequency, max_weight)
           select $1, $2, t.term, d.delta, 0, least(1, max(t.tf / (t.tf + t.k)) * 1.000001) from terms t, (select nextval('lexical_delta_seq') as delta) d
           group by t.term, d.delta returning delta
         ), marked as (
           insert into lexical_totals (tenant_id, collection_id, delta, chunk_count, total_length) select distinct $1, $2, delta, 0, 0 from bounds
         )
         update lexical_rows r set weights = coalesce(m.weights, r.weights), average = $3::float8
         from old o left join made m using (chunk_id) where r.tenant_id = $1 and r.chunk_id = o.chunk_id returning r.chunk_id`,
        [...scope, average],
      );
      if (rows.length === 0) {
        await tx.query("update lexical_totals set weight_average = $3 where tenant_id = $1 and collection_id = $2 and delta = 0", [
          ...scope,
          average,
        ]);
      }
      return rows.length;
    });
    if (batch === 0) break;
    renewed += batch;
  }
  if (renewed > 0) await foldStatistics(session, tenantId, collectionId);
  return renewed;
}
