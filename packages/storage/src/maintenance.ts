import type { TenantId } from "@footnote/core";
import { numberShift } from "./index-rows.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

/** A block up to this many postings, or twice what comes new, is written again with the new ones; a greater one stays as it is. */
const smallBlock = 512;

/** Folds postings and statistics, one collection and one transaction at a time. */
export function createIndexMaintenance(session: Session): Store["maintainIndex"] {
  return async (tenantId) => {
    let foldedDeltas = 0;
    const collections = await session.transaction(tenantId, (tx) =>
      tx.query<{ id: string }>("select distinct collection_id as id from lexical_totals where tenant_id = $1 and delta <> 0", [tenantId]),
    );
    for (const { id } of collections) foldedDeltas += await foldCollection(session, { tenantId, collectionId: id });
    if (foldedDeltas > 0) await session.tidy?.();
    return { foldedDeltas };
  };
}

/** The lock keeps a second folder away (`wait`: until it is done); readers see the deltas or their sum, never both. */
export async function foldCollection(
  session: Session,
  { tenantId, collectionId, wait = false }: { tenantId: TenantId; collectionId: string; wait?: boolean },
): Promise<number> {
  return session.transaction(tenantId, async (tx) => {
    const scope = [tenantId, collectionId];
    const lock = "hashtextextended('lexical ' || $1 || ' ' || $2, 0)";
    const [mine] = wait
      ? await tx.query(`select true from pg_advisory_xact_lock(${lock})`, scope)
      : await tx.query(`select true where pg_try_advisory_xact_lock(${lock})`, scope);
    if (!mine) return 0;
    const [open] = await tx.query<{ count: number }>(
      "select count(*)::integer as count from lexical_totals where tenant_id = $1 and collection_id = $2 and delta <> 0",
      scope,
    );
    if (!open || open.count === 0) return 0;
    // What is added up is exactly what is deleted, whatever is appended meanwhile. A block that holds a removed chunk is
    // always written again, so a term's frequency is the number of its postings.
    await tx.query(
      `with fresh as (
         delete from lexical_terms where tenant_id = $1 and collection_id = $2 and delta > 0
         returning term_id, first_number, last_number, postings, removed
       ), touched as (
         select f.term_id, sum(cardinality(f.postings)) as added, min(f.first_number) filter (where f.removed is not null) as first_removed,
           max(f.last_number) filter (where f.removed is not null) as last_removed
         from fresh f group by f.term_id
       ), blocks as (
         delete from lexical_terms l using touched t
         where l.tenant_id = $1 and l.collection_id = $2 and l.delta <= 0 and l.term_id = t.term_id
           and (l.document_frequency <= greatest(${smallBlock}, 2 * t.added)
             or (l.first_number <= t.last_removed and l.last_number >= t.first_removed))
         returning l.term_id, l.postings
       ), posting as (
         select f.term_id, unnest(f.postings) as packed from fresh f
         union all select b.term_id, unnest(b.postings) from blocks b
       ), gone as (
         select f.term_id, unnest(f.removed) as number from fresh f where f.removed is not null
       )
       insert into lexical_terms (tenant_id, collection_id, term_id, delta, document_frequency, first_number, last_number, postings)
       select $1, $2, m.term_id, -nextval('lexical_delta_seq'), m.frequency, m.first_number, m.last_number, m.postings from (
         select p.term_id, count(*) as frequency, min(p.packed) >> ${numberShift} as first_number, max(p.packed) >> ${numberShift} as last_number,
           array_agg(p.packed order by p.packed) as postings
         from posting p where not exists (select from gone g where g.term_id = p.term_id and g.number = p.packed >> ${numberShift})
         group by p.term_id
       ) m`,
      scope,
    );
    await tx.query(
      `with gone as (
         delete from lexical_totals where tenant_id = $1 and collection_id = $2 returning chunk_count, total_length
       )
       insert into lexical_totals (tenant_id, collection_id, delta, chunk_count, total_length)
       select $1, $2, 0, sum(chunk_count), sum(total_length) from gone having sum(chunk_count) > 0`,
      scope,
    );
    return open.count;
  });
}
