-- BM25 is summed in the program where the lists are short enough to hand over: the database's executor spent more on a
-- posting than the arithmetic does. Both functions give numbers and ids, no content.
grant create on schema public to footnote_search;
set local role footnote_search;

-- First row: the collection's totals. Then the lists of the terms as array_send gives them, in base64 (which drivers read
-- many times faster than hexadecimal), or null for all of them when
-- together they hold more than p_max postings.
create function search_postings(p_collection text, p_terms integer[], p_max bigint)
returns table (term_id integer, document_frequency bigint, total_length bigint, postings text)
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
    select l.term_id, l.document_frequency::bigint as df, l.postings, cardinality(l.postings) as size
    from lexical_terms l
    where l.tenant_id = current_setting('footnote.tenant', true) and l.collection_id = p_collection and l.term_id = any(p_terms)
  )
  select null::integer, coalesce(sum(t.chunk_count), 0)::bigint, coalesce(sum(t.total_length), 0)::bigint, null::text
  from lexical_totals t
  where t.tenant_id = current_setting('footnote.tenant', true) and t.collection_id = p_collection
  union all
  select s.term_id, s.df, null, case when (select sum(size) from lists) <= p_max then encode(array_send(s.postings), 'base64') end from lists s;
end
$$;

-- Which of these chunk numbers may be seen: of a live version, inside the filter, open to the principals.
create function search_visible(p_collection text, p_numbers bigint[], p_path text, p_vars jsonb, p_principals text[])
returns table (number bigint, chunk_id text)
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
  return query with named as materialized (
    select r.number, r.chunk_id, r.version_id
    from lexical_rows r
    where r.tenant_id = current_setting('footnote.tenant', true) and r.number = any(p_numbers) and r.collection_id = p_collection
  )
  select n.number, n.chunk_id
  from named n
  -- The limit keeps the order of the lookups also where the planner has no statistics yet.
  cross join lateral (
    select from document_versions v
    where v.tenant_id = current_setting('footnote.tenant', true) and v.id = n.version_id and v.live
      and (v.access = '{}' or v.access && p_principals)
      and (p_path is null or jsonb_path_match(v.metadata, p_path::jsonpath, p_vars, true))
    limit 1
  ) v;
end
$$;

revoke all on function search_postings(text, integer[], bigint) from public;
revoke all on function search_visible(text, bigint[], text, jsonb, text[]) from public;
reset role;
revoke create on schema public from footnote_search;
