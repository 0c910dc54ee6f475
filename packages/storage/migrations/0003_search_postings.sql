-- BM25 is summed in the program where the lists are short enough to hand over: the database's executor spent more on a
-- posting than the arithmetic does. Both functions give numbers and ids, no content.
grant create on schema public to footnote_search;
set local role footnote_search;

-- First row: the collection's totals. Then the lists of the terms as array_send gives them, or null for all of them when
-- together they hold more than p_max postings.
create function search_postings(p_collection text, p_terms integer[], p_max bigint)
returns table (term_id integer, document_frequency bigint, total_length bigint, postings bytea)
language sql stable security definer
set search_path = public, pg_temp
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
  with lists as materialized (
    select l.term_id, l.document_frequency::bigint as df, l.postings, cardinality(l.postings) as size
    from lexical_terms l
    where l.tenant_id = current_setting('footnote.tenant', true) and l.collection_id = p_collection and l.term_id = any(p_terms)
  )
  select null::integer, coalesce(sum(t.chunk_count), 0)::bigint, coalesce(sum(t.total_length), 0)::bigint, null::bytea
  from lexical_totals t
  where t.tenant_id = current_setting('footnote.tenant', true) and t.collection_id = p_collection
  union all
  select s.term_id, s.df, null, case when (select sum(size) from lists) <= p_max then array_send(s.postings) end from lists s
$$;

-- Which of these chunk numbers may be seen: of a live version, inside the filter, open to the principals.
create function search_visible(p_collection text, p_numbers bigint[], p_path text, p_vars jsonb, p_principals text[])
returns table (number bigint, chunk_id text)
language sql stable security definer
set search_path = public, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
  select r.number, r.chunk_id
  from unnest(p_numbers) as c(number)
  join lexical_rows r on r.tenant_id = current_setting('footnote.tenant', true) and r.number = c.number and r.collection_id = p_collection
  join document_versions v on v.tenant_id = r.tenant_id and v.id = r.version_id and v.live
  where (v.access = '{}' or v.access && p_principals)
    and (p_path is null or jsonb_path_match(v.metadata, p_path::jsonpath, p_vars, true))
$$;

revoke all on function search_postings(text, integer[], bigint) from public;
revoke all on function search_visible(text, bigint[], text, jsonb, text[]) from public;
reset role;
revoke create on schema public from footnote_search;
