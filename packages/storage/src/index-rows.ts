import type { AnalyzedText, TenantId, VersionId } from "@footnote/core";
import type { Transaction } from "./session.ts";
import { termSpace } from "./term-space.ts";

export const k1 = 1.2;
export const b = 0.75;

/** The weight of a term without its idf: tf / (tf + k1 (1 - b + b length / average)). */
export function termWeight(frequency: number, length: number, average: number): number {
  return frequency / (frequency + k1 * (1 - b + (b * length) / average));
}

/** Term ids folded below pgvector's largest dimension, ascending and distinct; frequencies of what falls together add up. */
export function foldTerms(text: AnalyzedText): { termIds: number[]; frequencies: number[] } {
  const folded = new Map<number, number>();
  text.termIds.forEach((id, at) => {
    const term = ((id - 1) % termSpace) + 1;
    folded.set(term, (folded.get(term) ?? 0) + (text.frequencies[at] ?? 0));
  });
  const sorted = [...folded].sort(([a], [b]) => a - b);
  return { termIds: sorted.map(([id]) => id), frequencies: sorted.map(([, frequency]) => frequency) };
}

/** A version's live rows leave the indexes, and its share of the statistics with them. Counts what left. */
export async function withdrawFromIndex(
  tx: Transaction,
  { tenantId, versionId, spaces }: { tenantId: TenantId; versionId: VersionId; spaces: readonly string[] },
): Promise<void> {
  await addStatistics(tx, versionId, -1);
  await tx.query("update lexical_rows set live = false where tenant_id = $1 and version_id = $2 and live", [tenantId, versionId]);
  for (const space of spaces) {
    await tx.query(`update dense_${space} set live = false where tenant_id = $1 and version_id = $2 and live`, [tenantId, versionId]);
  }
}

/** Appends what the version's rows add to (or take from) its collection's statistics; for -1 only what is live counts. */
export async function addStatistics(tx: Transaction, versionId: VersionId, sign: 1 | -1): Promise<void> {
  const [next] = await tx.query<{ delta: string }>("select nextval('lexical_delta_seq')::text as delta");
  const which = sign === 1 ? "not r.live" : "r.live";
  await tx.query(
    `insert into lexical_totals (tenant_id, collection_id, delta, chunk_count, total_length)
     select r.tenant_id, r.collection_id, $2::bigint, $3::integer * count(*), $3::integer * sum(r.length)
     from lexical_rows r where r.version_id = $1 and ${which} group by r.tenant_id, r.collection_id`,
    [versionId, next?.delta, sign],
  );
  // The sparse vector's text form, '{term:weight,…}/dimensions', is the only way to its elements in SQL.
  await tx.query(
    `insert into lexical_terms (tenant_id, collection_id, term_id, delta, document_frequency, max_weight)
     select r.tenant_id, r.collection_id, split_part(e, ':', 1)::integer, $2::bigint, $3::integer * count(*),
       case when $3::integer > 0 then least(1, max(split_part(e, ':', 2)::real) * 1.000001)::real else 0 end
     from lexical_rows r, unnest(string_to_array(substring(r.weights::text from 2 for position('}' in r.weights::text) - 2), ',')) e
     where r.version_id = $1 and ${which} and e <> '' group by 1, 2, 3`,
    [versionId, next?.delta, sign],
  );
}
