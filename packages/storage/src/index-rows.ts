import type { AnalyzedText, TenantId, VersionId } from "@footnote/core";
import type { Transaction } from "./session.ts";
import { termSpace } from "./term-space.ts";

export const k1 = 1.2;
export const b = 0.75;

/** A posting is number << 23 | frequency << 14 | length; what exceeds its bits counts as the greatest that fits. */
export const numberShift = 23;
export const frequencyShift = 14;
export const maxFrequency = 511;
export const maxLength = 16_383;

/** Term ids folded below `termSpace`, ascending and distinct; frequencies of what falls together add up. */
export function foldTerms(text: AnalyzedText): { termIds: number[]; frequencies: number[] } {
  const folded = new Map<number, number>();
  text.termIds.forEach((id, at) => {
    const term = ((id - 1) % termSpace) + 1;
    folded.set(term, (folded.get(term) ?? 0) + (text.frequencies[at] ?? 0));
  });
  const sorted = [...folded].sort(([a], [b]) => a - b);
  return { termIds: sorted.map(([id]) => id), frequencies: sorted.map(([, frequency]) => frequency) };
}

/** A live version's rows leave the indexes, and its share of the statistics with them; call it before `live` is taken from the version. */
export async function withdrawFromIndex(
  tx: Transaction,
  { tenantId, versionId, spaces }: { tenantId: TenantId; versionId: VersionId; spaces: readonly string[] },
): Promise<void> {
  await addStatistics(tx, { tenantId, versionId, sign: -1 });
  for (const space of spaces) {
    await tx.query(`update dense_${space} set live = false where tenant_id = $1 and version_id = $2 and live`, [tenantId, versionId]);
  }
}

/** Appends what the version's rows add to (or take from) its collection's postings and statistics: +1 once before it is live, -1 once while it is. */
export async function addStatistics(
  tx: Transaction,
  { tenantId, versionId, sign }: { tenantId: TenantId; versionId: VersionId; sign: 1 | -1 },
): Promise<void> {
  const [next] = await tx.query<{ delta: string }>("select nextval('lexical_delta_seq')::text as delta");
  const rows = `lexical_rows r join document_versions v on v.tenant_id = r.tenant_id and v.id = r.version_id and v.live = ${sign < 0}`;
  const values = [tenantId, versionId, next?.delta];
  const counted = await tx.query(
    `insert into lexical_totals (tenant_id, collection_id, delta, chunk_count, total_length)
     select r.tenant_id, r.collection_id, $3::bigint, ${sign} * count(*), ${sign} * sum(r.length)
     from ${rows} where r.tenant_id = $1 and r.version_id = $2 group by 1, 2 returning 1`,
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
     from ${rows} cross join lateral unnest(r.terms, r.frequencies) as u(term, frequency)
     where r.tenant_id = $1 and r.version_id = $2 group by 1, 2, 3 order by 3`,
    values,
  );
}
