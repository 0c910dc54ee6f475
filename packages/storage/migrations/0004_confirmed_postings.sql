-- Posting lists never change: a publication, a removal or a fold writes rows under a delta of its own. So a program may keep
-- lists it has read, rank with them, and ask in one statement whether they are still all there is and which of the best may be seen.
grant create on schema public to footnote_search;
set local role footnote_search;

-- First row: the collection's totals; a document frequency of −1 says that the lists together hold more than p_max postings and
-- are not handed over. Then one row a list, in the order of terms and deltas; postings as array_send gives them, in base64 (which
-- drivers read many times faster than hexadecimal), or null for a list that the caller names as known.
drop function search_postings(text, integer[], bigint);
create function search_postings(p_collection text, p_terms integer[], p_max bigint, p_known_terms integer[], p_known_deltas bigint[])
returns table (term_id integer, delta bigint, document_frequency bigint, total_length bigint, postings text)
language plpgsql stable security definer
set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
#variable_conflict use_column
begin
  return query with lists as materialized (
    select l.term_id, l.delta, l.document_frequency::bigint as df, l.postings, cardinality(l.postings) as size
    from lexical_terms l
    where l.tenant_id = current_setting('footnote.tenant', true) and l.collection_id = p_collection and l.term_id = any(p_terms)
  ), fits as materialized (
    select coalesce(sum(size), 0) <= p_max as yes from lists
  )
  select null::integer, null::bigint, case when (select yes from fits) then coalesce(sum(t.chunk_count), 0)::bigint else -1 end,
    coalesce(sum(t.total_length), 0)::bigint, null::text
  from lexical_totals t
  where t.tenant_id = current_setting('footnote.tenant', true) and t.collection_id = p_collection
  union all
  (
    select s.term_id, s.delta, s.df, null,
      case when not exists (select from unnest(p_known_terms, p_known_deltas) as k(term_id, delta) where k.term_id = s.term_id and k.delta = s.delta)
        then encode(array_send(s.postings), 'base64') end
    from lists s where (select yes from fits) order by s.term_id, s.delta
  );
end
$$;

-- Which of these chunk numbers may be seen, as search_visible says, when the lists of the terms are still those that p_state names:
-- `<chunks>/<total length>|<term>:<delta>,…`. One row without a number when they are not.
create function search_confirmed(
  p_collection text, p_terms integer[], p_state text, p_numbers bigint[], p_path text, p_vars jsonb, p_principals text[]
) returns table (number bigint, chunk_id text)
language plpgsql stable security definer
set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
#variable_conflict use_column
begin
  if p_state is distinct from (
    select coalesce(sum(t.chunk_count), 0) || '/' || coalesce(sum(t.total_length), 0)
    from lexical_totals t
    where t.tenant_id = current_setting('footnote.tenant', true) and t.collection_id = p_collection
  ) || '|' || (
    select coalesce(string_agg(l.term_id || ':' || l.delta, ',' order by l.term_id, l.delta), '')
    from lexical_terms l
    where l.tenant_id = current_setting('footnote.tenant', true) and l.collection_id = p_collection and l.term_id = any(p_terms)
  ) then
    return query select null::bigint, null::text;
    return;
  end if;
  return query with named as materialized (
    select r.number, r.chunk_id, r.version_id
    from lexical_rows r
    where r.tenant_id = current_setting('footnote.tenant', true) and r.number = any(p_numbers) and r.collection_id = p_collection
  )
  select n.number, n.chunk_id
  from named n
  cross join lateral (
    select from document_versions v
    where v.tenant_id = current_setting('footnote.tenant', true) and v.id = n.version_id and v.live
      and (v.access = '{}' or v.access && p_principals)
      and (p_path is null or jsonb_path_match(v.metadata, p_path::jsonpath, p_vars, true))
    limit 1
  ) v;
end
$$;

revoke all on function search_postings(text, integer[], bigint, integer[], bigint[]) from public;
revoke all on function search_confirmed(text, integer[], text, bigint[], text, jsonb, text[]) from public;
reset role;
revoke create on schema public from footnote_search;
