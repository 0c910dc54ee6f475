-- An outbox row says by its topic where it goes and carries ids, so that it can lead to other places than the queue of jobs. Rewriting a
-- column's type is not bound by row-level security: every tenant's row is kept.
drop index outbox_job;
alter table outbox rename column job_id to payload;
alter table outbox alter column payload type jsonb using jsonb_build_object('jobId', payload);
alter table outbox add column topic text not null default 'job';
alter table outbox alter column topic drop default;
create index outbox_job on outbox using btree (tenant_id, (payload->>'jobId')) where topic = 'job';

grant create on schema public to footnote_router;
set local role footnote_router;

-- Round robin over tenants: everybody's first row, then everybody's second. Only topics that the caller can deliver.
drop function route_claim_outbox(integer, integer);
create function route_claim_outbox(p_topics text[], p_limit integer, p_lease_ms integer)
returns table (id bigint, tenant_id text, topic text, payload jsonb, run_after timestamptz)
language sql security definer set search_path = public, pg_temp as $$
  with turns as (
    select o.tenant_id, o.id, row_number() over (partition by o.tenant_id order by o.id) as turn
    from outbox o where o.topic = any(p_topics) and (o.claimed_until is null or o.claimed_until < clock_timestamp())
    order by turn, o.id limit p_limit
  ), locked as (
    select o.tenant_id, o.id from outbox o join turns using (tenant_id, id)
    where o.claimed_until is null or o.claimed_until < clock_timestamp()
    for update of o skip locked
  ), claimed as (
    update outbox o set claimed_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
    from locked where o.tenant_id = locked.tenant_id and o.id = locked.id
    returning o.id, o.tenant_id, o.topic, o.payload, o.run_after
  )
  select c.id, c.tenant_id, c.topic, c.payload, c.run_after
  from claimed c join turns t on t.tenant_id = c.tenant_id and t.id = c.id order by t.turn, c.id
$$;

create or replace function route_stranded_jobs(p_stale_ms integer, p_limit integer) returns table (tenant_id text, job_id text)
language sql stable security definer set search_path = public, pg_temp as $$
  select j.tenant_id, j.id from jobs j
  where ((j.state = 'queued' and greatest(j.updated_at, j.run_after) < now() - make_interval(secs => p_stale_ms / 1000.0))
      or (j.state = 'running' and coalesce(j.heartbeat_at, j.updated_at) < now() - make_interval(secs => p_stale_ms / 1000.0)))
    and not exists (select from outbox o where o.tenant_id = j.tenant_id and o.topic = 'job' and o.payload->>'jobId' = j.id)
  order by j.updated_at limit p_limit
$$;

revoke all on function route_claim_outbox(text[], integer, integer) from public;
reset role;
revoke create on schema public from footnote_router;
