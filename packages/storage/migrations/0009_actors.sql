-- Who did something is stored as type and id, so that people who sign in fit beside keys.
-- Row-level security binds the owner too: it is lifted while rows of every tenant are rewritten, inside this transaction.
alter table audit_log no force row level security;
alter table idempotency_keys no force row level security;
alter table eval_runs no force row level security;
alter table feedback no force row level security;

-- Of the ids that stand there, operators' keys are in a table of their own, a tenant's keys have their prefix, and the rest is this program.
alter table audit_log rename column actor to actor_id;
alter table audit_log add column actor_type text;
update audit_log set actor_type = case
  when exists (select from operator_keys o where o.id = actor_id) then 'operator'
  when actor_id like 'key\_%' then 'key' else 'system' end;
alter table audit_log alter column actor_type set not null;

alter table idempotency_keys rename column principal to actor_id;
alter table idempotency_keys add column actor_type text;
update idempotency_keys set actor_type = case when tenant_id = 'operator' then 'operator' else 'key' end;
alter table idempotency_keys alter column actor_type set not null;
alter table idempotency_keys drop constraint idempotency_keys_tenant_id_principal_key_pk;
alter table idempotency_keys add constraint idempotency_keys_tenant_id_actor_type_actor_id_key_pk primary key (tenant_id, actor_type, actor_id, key);

alter table eval_runs rename column key_id to actor_id;
alter table eval_runs add column actor_type text;
update eval_runs set actor_type = 'key' where actor_id is not null;

-- An author is an actor, or `user` with a digest of the name that the application gave. Rows from before authors were kept have a random one.
alter table feedback rename column author to author_id;
alter table feedback add column author_type text;
update feedback set
  author_type = case when author_id like 'key:%' then 'key' when author_id like 'user:%' then 'user' else 'unknown' end,
  author_id = regexp_replace(author_id, '^(key|user):', '');
alter table feedback alter column author_type set not null;
alter table feedback drop constraint feedback_author;
alter table feedback add constraint feedback_author unique (tenant_id, answer_id, author_type, author_id);

-- Null for answers from before askers were kept.
alter table answers add column actor_type text;
alter table answers add column actor_id text;

alter table audit_log force row level security;
alter table idempotency_keys force row level security;
alter table eval_runs force row level security;
alter table feedback force row level security;
