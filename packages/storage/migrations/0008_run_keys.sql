-- Whose key an evaluation's job asks with: when it is revoked, the run ends. Null for runs that were begun before.
alter table eval_runs add column key_id text;
-- Whether the documents at its end were others than at its beginning.
alter table eval_runs add column documents_changed boolean not null default false;
