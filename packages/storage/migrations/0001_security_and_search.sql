-- Roles, row-level security, the tenant-less functions and the index searches. Runs as a non-superuser owner with CREATEROLE.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['footnote_search', 'footnote_router'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception when duplicate_object or unique_violation then null;
      end;
    end if;
    -- To hand functions over to the role; without inheriting its policies, where the server can say so.
    if not (select rolsuper from pg_roles where rolname = current_user) then
      execute format('grant %I to %I', wanted, current_user)
        || case when current_setting('server_version_num')::integer >= 160000 then ' with inherit false, set true' else '' end;
    end if;
    execute format('grant usage, create on schema public to %I', wanted);
  end loop;
end
$$;

-- Large key arrays leave the row first, so that scoring reads narrow tuples.
alter table lexical_rows alter column weights set storage main;
alter table lexical_rows alter column keys set storage external;
alter table lexical_rows set (toast_tuple_target = 128);
create index lexical_rows_keys on lexical_rows using gin (keys) with (fastupdate = off);
create index document_versions_restricted on document_versions (tenant_id, collection_id) where live and access <> '{}';
create index lexical_terms_unfolded on lexical_terms (tenant_id, collection_id, delta) where delta <> 0;
create sequence lexical_delta_seq;

do $$
declare
  name text;
begin
  for name in
    select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant_isolation on %I using (tenant_id = current_setting(''footnote.tenant'', true)) with check (tenant_id = current_setting(''footnote.tenant'', true))',
      name);
  end loop;
end
$$;

-- What the searches read, and nothing with content in it.
grant select on lexical_rows, lexical_terms, lexical_totals to footnote_search;
grant select (tenant_id, id, number) on collections to footnote_search;
grant select (tenant_id, id, collection_id, live, access, metadata) on document_versions to footnote_search;
create policy search_reads on lexical_rows for select to footnote_search using (true);
create policy search_reads on lexical_terms for select to footnote_search using (true);
create policy search_reads on lexical_totals for select to footnote_search using (true);
create policy search_reads on collections for select to footnote_search using (true);
create policy search_reads on document_versions for select to footnote_search using (true);

-- What routing reads and writes.
grant select, insert on tenants to footnote_router;
grant select, update (last_used_at) on api_keys to footnote_router;
grant select, insert, update (last_used_at) on operator_keys to footnote_router;
grant select, update (claimed_until), delete on outbox to footnote_router;
grant select (tenant_id, id, state, heartbeat_at, run_after, updated_at) on jobs to footnote_router;
grant select on lexical_terms, lexical_totals to footnote_router;
create policy routing on tenants to footnote_router using (true) with check (true);
create policy routing on api_keys to footnote_router using (true) with check (true);
create policy routing on outbox to footnote_router using (true) with check (true);
create policy routing on jobs for select to footnote_router using (true);
create policy routing on lexical_terms for select to footnote_router using (true);
create policy routing on lexical_totals for select to footnote_router using (true);

create function route_authenticate(p_key text)
returns table (key_id text, tenant_id text, digest text, scopes text[], collections text[], expires_at timestamptz, revoked_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  select k.id, k.tenant_id, k.digest, k.scopes, k.collections, k.expires_at, k.revoked_at from api_keys k where k.id = p_key
  union all
  select o.id, null, o.digest, '{}'::text[], null, null, o.revoked_at from operator_keys o where o.id = p_key
$$;

create function route_touch_key(p_key text) returns void
language sql security definer set search_path = public, pg_temp as $$
  update api_keys set last_used_at = now() where id = p_key and (last_used_at is null or last_used_at < now() - interval '1 minute');
  update operator_keys set last_used_at = now() where id = p_key and (last_used_at is null or last_used_at < now() - interval '1 minute');
$$;

create function route_create_tenant(p_id text, p_name text) returns timestamptz
language sql security definer set search_path = public, pg_temp as $$
  insert into tenants (tenant_id, name) values (p_id, p_name) returning created_at
$$;

create function route_get_tenant(p_id text) returns table (id text, name text, created_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.tenant_id, t.name, t.created_at from tenants t where t.tenant_id = p_id
$$;

create function route_list_tenants(p_after text, p_limit integer) returns table (id text, name text, created_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.tenant_id, t.name, t.created_at from tenants t where p_after is null or t.tenant_id > p_after order by t.tenant_id limit p_limit
$$;

create function route_create_operator_key(p_id text, p_name text, p_digest text) returns void
language sql security definer set search_path = public, pg_temp as $$
  insert into operator_keys (id, name, digest) values (p_id, p_name, p_digest)
$$;

create function route_count_operator_keys() returns integer
language sql stable security definer set search_path = public, pg_temp as $$
  select count(*)::integer from operator_keys where revoked_at is null
$$;

-- Round robin over tenants: everybody's first row, then everybody's second.
create function route_claim_outbox(p_limit integer, p_lease_ms integer)
returns table (id bigint, tenant_id text, job_id text, run_after timestamptz)
language sql security definer set search_path = public, pg_temp as $$
  with turns as (
    select o.tenant_id, o.id, row_number() over (partition by o.tenant_id order by o.id) as turn
    from outbox o where o.claimed_until is null or o.claimed_until < clock_timestamp()
    order by turn, o.id limit p_limit
  ), locked as (
    select o.tenant_id, o.id from outbox o join turns using (tenant_id, id)
    where o.claimed_until is null or o.claimed_until < clock_timestamp()
    for update of o skip locked
  ), claimed as (
    update outbox o set claimed_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
    from locked where o.tenant_id = locked.tenant_id and o.id = locked.id
    returning o.id, o.tenant_id, o.job_id, o.run_after
  )
  select c.id, c.tenant_id, c.job_id, c.run_after from claimed c join turns t on t.tenant_id = c.tenant_id and t.id = c.id order by t.turn, c.id
$$;

create function route_complete_outbox(p_ids bigint[]) returns void
language sql security definer set search_path = public, pg_temp as $$
  delete from outbox where id = any(p_ids)
$$;

create function route_stranded_jobs(p_stale_ms integer, p_limit integer) returns table (tenant_id text, job_id text)
language sql stable security definer set search_path = public, pg_temp as $$
  select j.tenant_id, j.id from jobs j
  where ((j.state = 'queued' and greatest(j.updated_at, j.run_after) < now() - make_interval(secs => p_stale_ms / 1000.0))
      or (j.state = 'running' and coalesce(j.heartbeat_at, j.updated_at) < now() - make_interval(secs => p_stale_ms / 1000.0)))
    and not exists (select from outbox o where o.tenant_id = j.tenant_id and o.job_id = j.id)
  order by j.updated_at limit p_limit
$$;

create function route_tenants_with_index_work(p_limit integer) returns table (tenant_id text)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.tenant_id from (
    select t.tenant_id from lexical_totals t group by t.tenant_id, t.collection_id
    having bool_or(t.delta <> 0)
      or (sum(t.chunk_count) > 0 and abs(sum(t.total_length) / sum(t.chunk_count) / coalesce(nullif(max(t.weight_average), 0), 1e9) - 1) > 0.05)
  ) s group by s.tenant_id order by s.tenant_id limit p_limit
$$;

-- BM25 (Lucene's variant: Robertson & Zaragoza 2009 with idf = ln(1 + (N - df + 0.5) / (df + 0.5)), no (k1 + 1) factor).
-- First pass: the rows of the rarest terms, scored by the inner product of stored weights and idf. The m-th best score is
-- a floor: terms whose bounds together stay below it cannot bring a new row in (MaxScore, Turtle & Flood 1995), the others
-- are added for one second pass. The best m are then scored again with the average length of now.
create function search_lexical(
  p_collection text, p_terms integer[], p_frequencies integer[], p_limit integer, p_path text, p_vars jsonb, p_principals text[]
) returns table (chunk_id text, score double precision)
language plpgsql stable security definer
set search_path = public, pg_temp
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
#variable_conflict use_column
declare
  k1 constant double precision := 1.2;
  b constant double precision := 0.75;
  dimensions constant text := '/1000000000';
  tenant text := current_setting('footnote.tenant', true);
  collection_number bigint;
  chunk_total double precision;
  average_now double precision;
  terms integer[];
  frequencies double precision[];
  idfs double precision[];
  bounds double precision[];
  term_count integer;
  query sparsevec;
  wanted integer := p_limit + 32;
  used integer := 0;
  target integer;
  gathered double precision := 0;
  remaining double precision;
  ids text[];
  scores double precision[];
  keys_wanted bigint[];
  restricted boolean;
begin
  if coalesce(tenant, '') = '' or p_limit < 1 then return; end if;
  select c.number into collection_number from collections c where c.tenant_id = tenant and c.id = p_collection;
  if not found then return; end if;
  select sum(t.chunk_count), sum(t.total_length)::double precision / nullif(sum(t.chunk_count), 0)
    into chunk_total, average_now
    from lexical_totals t where t.tenant_id = tenant and t.collection_id = p_collection;
  if coalesce(chunk_total, 0) <= 0 then return; end if;

  select array_agg(s.term_id order by s.df, s.term_id), array_agg(s.df order by s.df, s.term_id),
         array_agg(s.idf order by s.df, s.term_id), array_agg(s.idf * s.bound order by s.df, s.term_id), count(*)
    into terms, frequencies, idfs, bounds, term_count
  from (
    select d.term_id, d.df, q.frequency * ln(1 + (chunk_total - d.df + 0.5) / (d.df + 0.5)) as idf, d.bound
    from (
      select l.term_id, sum(l.document_frequency)::double precision as df, max(l.max_weight)::double precision as bound
      from lexical_terms l
      where l.tenant_id = tenant and l.collection_id = p_collection and l.term_id = any(p_terms)
      group by l.term_id having sum(l.document_frequency) > 0
    ) d join unnest(p_terms, p_frequencies) as q(term_id, frequency) on q.term_id = d.term_id
  ) s;
  if coalesce(term_count, 0) = 0 then return; end if;
  select ('{' || string_agg(u.term || ':' || u.idf, ',' order by u.term) || '}' || dimensions)::sparsevec
    into query from unnest(terms, idfs) as u(term, idf);
  restricted := p_path is not null or exists (
    select from document_versions v where v.tenant_id = tenant and v.collection_id = p_collection and v.live and v.access <> '{}');

  target := 0;
  while target < term_count and (target = 0 or gathered < wanted) loop
    target := target + 1;
    gathered := gathered + frequencies[target];
  end loop;
  loop
    used := target;
    select array_agg(collection_number * 2147483648 + u) into keys_wanted from unnest(terms[1:used]) as u;
    if restricted then
      select array_agg(s.chunk_id order by s.score desc, s.chunk_id), array_agg(s.score order by s.score desc, s.chunk_id) into ids, scores
      from (
        select r.chunk_id, -(r.weights <#> query) as score
        from lexical_rows r join document_versions v on v.tenant_id = r.tenant_id and v.id = r.version_id
        where r.keys && keys_wanted and r.live and r.collection_id = p_collection and r.tenant_id = tenant
          and (v.access = '{}' or v.access && p_principals)
          and (p_path is null or jsonb_path_match(v.metadata, p_path::jsonpath, p_vars, true))
        order by score desc, r.chunk_id limit wanted
      ) s;
    else
      select array_agg(s.chunk_id order by s.score desc, s.chunk_id), array_agg(s.score order by s.score desc, s.chunk_id) into ids, scores
      from (
        select r.chunk_id, -(r.weights <#> query) as score
        from lexical_rows r
        where r.keys && keys_wanted and r.live and r.collection_id = p_collection and r.tenant_id = tenant
        order by score desc, r.chunk_id limit wanted
      ) s;
    end if;
    exit when used = term_count;
    remaining := 0;
    target := term_count;
    while target > used and remaining + bounds[target] < coalesce(scores[wanted], 0) loop
      remaining := remaining + bounds[target];
      target := target - 1;
    end loop;
    exit when target = used;
  end loop;
  if ids is null then return; end if;

  return query
  select r.chunk_id,
    sum(u.idf * case when r.average = average_now then w.weight
      -- tf and the old normalisation give the weight under the new average: w = tf / (tf + K).
      else w.weight / (w.weight + (1 - w.weight)
        * (1 - b + b * r.length / average_now) / (1 - b + b * r.length / r.average)) end) as score
  from lexical_rows r
  cross join lateral unnest(terms, idfs) as u(term, idf)
  cross join lateral (select -(r.weights <#> ('{' || u.term || ':1}' || dimensions)::sparsevec) as weight) w
  where r.tenant_id = tenant and r.chunk_id = any(ids) and w.weight > 0
  group by r.chunk_id
  order by score desc, r.chunk_id
  limit p_limit;
end
$$;

-- Nearest neighbours by cosine in one space's table. Up to `p_exact_below` live rows of the collection are scanned
-- exactly; above, HNSW with iterative scans, and exactly again where that came back short. Dynamic SQL plans with the
-- values at hand, so no generic plan can lose the index.
create function search_dense(
  p_space text, p_collection text, p_vector text, p_limit integer, p_path text, p_vars jsonb, p_principals text[], p_exact_below integer
) returns table (chunk_id text, score double precision)
language plpgsql volatile security definer
set search_path = public, pg_temp
set max_parallel_workers_per_gather = 0
set jit = off
as $$
declare
  tenant text := current_setting('footnote.tenant', true);
  space_table text;
  visible text := '';
  rows_here bigint := 0;
  ids text[];
  scores double precision[];
begin
  if coalesce(tenant, '') = '' or p_limit < 1 then return; end if;
  if p_space !~ '^[a-z][a-z0-9_]{0,40}$' or to_regclass('public.dense_' || p_space) is null then
    raise exception 'unknown embedding space' using errcode = 'undefined_table';
  end if;
  space_table := 'dense_' || p_space;
  if p_path is not null or exists (
    select from document_versions v where v.tenant_id = tenant and v.collection_id = p_collection and v.live and v.access <> '{}')
  then
    visible := ' and exists (select from document_versions v where v.tenant_id = d.tenant_id and v.id = d.version_id'
      || ' and (v.access = ''{}'' or v.access && $6) and ($4 is null or jsonb_path_match(v.metadata, $4::jsonpath, $5, true)))';
  end if;
  if exists (select from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
             where i.indrelid = ('public.' || space_table)::regclass and a.amname = 'hnsw' and i.indisvalid)
  then
    select coalesce(sum(t.chunk_count), 0) into rows_here from lexical_totals t where t.tenant_id = tenant and t.collection_id = p_collection;
  end if;
  if rows_here > p_exact_below then
    perform set_config('hnsw.iterative_scan', 'strict_order', true),
            set_config('hnsw.ef_search', greatest(40, least(1000, p_limit))::text, true),
            set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
    execute format(
      'select array_agg(s.chunk_id order by s.distance, s.chunk_id), array_agg(1 - s.distance order by s.distance, s.chunk_id) from ('
      || 'select d.chunk_id, d.vector <=> $1::halfvec as distance from %I d'
      || ' where d.tenant_id = $2 and d.collection_id = $3 and d.live%s order by d.vector <=> $1::halfvec limit $7) s',
      space_table, visible)
      into ids, scores using p_vector, tenant, p_collection, p_path, p_vars, p_principals, p_limit;
    perform set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true);
    if coalesce(cardinality(ids), 0) >= p_limit then
      return query select u.id, u.s from unnest(ids, scores) as u(id, s);
      return;
    end if;
  end if;
  return query execute format(
    'select d.chunk_id, 1 - (d.vector <=> $1::halfvec) as score from %I d'
    || ' where d.tenant_id = $2 and d.collection_id = $3 and d.live%s order by (d.vector <=> $1::halfvec) + 0, d.chunk_id limit $7',
    space_table, visible)
    using p_vector, tenant, p_collection, p_path, p_vars, p_principals, p_limit;
end
$$;

do $$
declare
  item record;
begin
  for item in
    select p.oid::regprocedure::text as signature, p.proname as name from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prosecdef and (p.proname like 'route\_%' or p.proname like 'search\_%')
  loop
    execute format('revoke all on function %s from public', item.signature);
    execute format('alter function %s owner to %I', item.signature,
      case when item.name like 'route\_%' then 'footnote_router' else 'footnote_search' end);
  end loop;
  revoke create on schema public from footnote_search, footnote_router;
end
$$;
