-- BM25 reads posting lists instead of one row per candidate; weights are made at query time with the statistics of now.
-- Row-level security binds the owner too: it is lifted while rows of every tenant are rewritten, inside this transaction.
alter table lexical_rows no force row level security;
alter table lexical_terms no force row level security;
alter table lexical_totals no force row level security;
alter table document_versions no force row level security;

drop index lexical_rows_version;
drop index lexical_rows_keys;
alter table lexical_rows rename to lexical_rows_before;
create table lexical_rows (
  tenant_id text not null,
  number bigint not null generated always as identity (sequence name lexical_rows_number_seq),
  collection_id text not null,
  version_id text not null,
  chunk_id text not null,
  length integer not null,
  terms integer[] not null,
  frequencies smallint[] not null,
  constraint lexical_rows_tenant_id_number_pk primary key (tenant_id, number)
);
-- A weight is tf / (tf + K), so the frequency comes back exactly; the sparse vector's text form is the only way to its elements.
insert into lexical_rows (tenant_id, collection_id, version_id, chunk_id, length, terms, frequencies)
select r.tenant_id, r.collection_id, r.version_id, r.chunk_id, least(16383, r.length), coalesce(t.terms, '{}'), coalesce(t.frequencies, '{}')
from lexical_rows_before r cross join lateral (
  select array_agg(e.term order by e.term) as terms, array_agg(e.frequency order by e.term) as frequencies from (
    select split_part(x, ':', 1)::integer as term,
      least(511, greatest(1, round(split_part(x, ':', 2)::float8 * 1.2 * (0.25 + 0.75 * r.length / r.average)
        / greatest(1 - split_part(x, ':', 2)::float8, 1e-9))))::smallint as frequency
    from unnest(string_to_array(substring(r.weights::text from 2 for position('}' in r.weights::text) - 2), ',')) as x where x <> ''
  ) e
) t order by r.tenant_id, r.collection_id, r.version_id, r.chunk_id;
drop table lexical_rows_before;
create index lexical_rows_version on lexical_rows using btree (tenant_id, version_id);
alter table lexical_rows enable row level security;
create policy tenant_isolation on lexical_rows using (tenant_id = current_setting('footnote.tenant', true))
  with check (tenant_id = current_setting('footnote.tenant', true));
grant select on lexical_rows to footnote_search;
create policy search_reads on lexical_rows for select to footnote_search using (true);

delete from lexical_terms;
delete from lexical_totals;
drop index lexical_terms_unfolded;
alter table lexical_terms drop column max_weight;
alter table lexical_terms add column first_number bigint not null;
alter table lexical_terms add column last_number bigint not null;
alter table lexical_terms add column postings bigint[] not null;
alter table lexical_terms add column removed bigint[];
alter table lexical_terms alter column postings set storage external;
alter table lexical_totals drop column weight_average;
insert into lexical_totals (tenant_id, collection_id, delta, chunk_count, total_length)
select r.tenant_id, r.collection_id, 0, count(*), sum(r.length)
from lexical_rows r join document_versions v on v.tenant_id = r.tenant_id and v.id = r.version_id and v.live group by 1, 2;
insert into lexical_terms (tenant_id, collection_id, term_id, delta, document_frequency, first_number, last_number, postings)
select r.tenant_id, r.collection_id, u.term, 0, count(*), min(r.number), max(r.number),
  array_agg((r.number << 23) | (u.frequency::bigint << 14) | r.length order by r.number)
from lexical_rows r join document_versions v on v.tenant_id = r.tenant_id and v.id = r.version_id and v.live
cross join lateral unnest(r.terms, r.frequencies) as u(term, frequency) group by 1, 2, 3;
create index lexical_terms_unfolded on lexical_terms using btree (tenant_id, collection_id, delta) where delta > 0;

alter table lexical_rows force row level security;
alter table lexical_terms force row level security;
alter table lexical_totals force row level security;
alter table document_versions force row level security;

grant create on schema public to footnote_search, footnote_router;

set local role footnote_router;
create or replace function route_tenants_with_index_work(p_limit integer) returns table (tenant_id text)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.tenant_id from lexical_totals t where t.delta <> 0 group by t.tenant_id order by t.tenant_id limit p_limit
$$;

-- BM25 (Lucene's variant: Robertson & Zaragoza 2009 with idf = ln(1 + (N - df + 0.5) / (df + 0.5)), no (k1 + 1) factor).
-- A posting is chunk number << 23 | frequency << 14 | length. First the rarest terms alone: the best of their chunks,
-- scored whole from their rows, give the p_limit-th score that has to be beaten. Then the lists of all terms but the
-- most frequent ones whose idfs (a weight is below 1) together stay below that score: they cannot bring a new chunk in
-- (MaxScore, Turtle & Flood 1995). What a removal or an unfolded publication has left in the lists is no live
-- version's and falls out at the row's lookup, as does what the filter and the principals exclude, before the cut.
set local role footnote_search;
create or replace function search_lexical(
  p_collection text, p_terms integer[], p_frequencies integer[], p_limit integer, p_path text, p_vars jsonb, p_principals text[]
) returns table (chunk_id text, score double precision)
language plpgsql stable security definer
set search_path = public, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan
set work_mem = '64MB'
set jit = off
as $$
#variable_conflict use_column
declare
  k1 constant double precision := 1.2;
  b constant double precision := 0.75;
  tenant text := current_setting('footnote.tenant', true);
  chunk_total double precision;
  average_length double precision;
  base double precision;
  slope double precision;
  query_terms integer[];
  idfs double precision[];
  dfs double precision[];
  term_count integer;
  wanted bigint := p_limit + 12;
  used integer := 0;
  gathered double precision := 0;
  rest double precision := 0;
  lowest double precision;
  numbers bigint[];
  partials double precision[];
  ids text[];
  scores double precision[];
begin
  if coalesce(tenant, '') = '' or p_limit < 1 then return; end if;
  select sum(t.chunk_count), greatest(1, sum(t.total_length)::double precision / nullif(sum(t.chunk_count), 0))
    into chunk_total, average_length
    from lexical_totals t where t.tenant_id = tenant and t.collection_id = p_collection;
  if coalesce(chunk_total, 0) <= 0 then return; end if;
  base := k1 * (1 - b);
  slope := k1 * b / average_length;
  select array_agg(d.term_id order by d.df), array_agg(d.df order by d.df),
      array_agg(q.frequency * ln(1 + (chunk_total - d.df + 0.5) / (d.df + 0.5)) order by d.df), count(*)
    into query_terms, dfs, idfs, term_count
    from (
      select l.term_id, sum(l.document_frequency)::double precision as df
      from unnest(p_terms) as w(term_id)
      join lexical_terms l on l.tenant_id = tenant and l.collection_id = p_collection and l.term_id = w.term_id
      group by l.term_id having sum(l.document_frequency) > 0
    ) d join unnest(p_terms, p_frequencies) as q(term_id, frequency) on q.term_id = d.term_id;
  if query_terms is null then return; end if;

  while used < term_count and (used = 0 or gathered < wanted) loop
    used := used + 1;
    gathered := gathered + dfs[used];
  end loop;
  loop
    select array_agg(t.number), array_agg(t.score) into numbers, partials from (
      select p.packed >> 23 as number,
        sum(p.idf / (1 + (base + slope * (p.packed & 16383)::double precision) / ((p.packed >> 14) & 511)::double precision)) as score
      from (
        select u.idf, unnest(l.postings) as packed
        from unnest(query_terms[1:used], idfs[1:used]) as u(term_id, idf)
        join lexical_terms l on l.tenant_id = tenant and l.collection_id = p_collection and l.term_id = u.term_id
      ) p
      group by 1
      having lowest is null
        or sum(p.idf / (1 + (base + slope * (p.packed & 16383)::double precision) / ((p.packed >> 14) & 511)::double precision)) + rest >= lowest - 1e-9
      order by score desc, number limit wanted
    ) t;
    if lowest is not null and used < term_count and coalesce(cardinality(numbers), 0) > 300 then
      used := term_count;
      rest := 0;
      continue;
    end if;
    -- Equal scores come in the order of the chunks; sums in another order differ in their last bits.
    select array_agg(s.chunk_id order by round(s.score * 1e9) desc, s.number), array_agg(s.score order by round(s.score * 1e9) desc, s.number)
      into ids, scores
      from (
        select r.chunk_id, r.number, c.partial + coalesce(f.score, 0) as score
        from unnest(numbers, partials) as c(number, partial)
        join lexical_rows r on r.tenant_id = tenant and r.number = c.number and r.collection_id = p_collection
        join document_versions v on v.tenant_id = r.tenant_id and v.id = r.version_id and v.live
        left join lateral (
          select sum(u.idf / (1 + (base + slope * r.length) / r.frequencies[array_position(r.terms, u.term_id)])) as score
          from unnest(query_terms[used + 1:], idfs[used + 1:]) as u(term_id, idf)
        ) f on used < term_count
        where (v.access = '{}' or v.access && p_principals)
          and (p_path is null or jsonb_path_match(v.metadata, p_path::jsonpath, p_vars, true))
      ) s;
    exit when lowest is not null
      or used = term_count and (coalesce(cardinality(ids), 0) >= p_limit or coalesce(cardinality(numbers), 0) < wanted);
    lowest := scores[p_limit];
    if lowest is null then
      if used = term_count then wanted := wanted * 16; end if;
      used := term_count;
    else
      wanted := null;
      used := term_count;
      while used > 1 and rest + idfs[used] < lowest loop
        rest := rest + idfs[used];
        used := used - 1;
      end loop;
    end if;
  end loop;
  return query select u.id, u.s from unnest(ids[1:p_limit], scores[1:p_limit]) as u(id, s);
end
$$;
reset role;
revoke create on schema public from footnote_search, footnote_router;

revoke select (number) on collections from footnote_search;
alter table collections drop column number;
