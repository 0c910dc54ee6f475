-- Questions of a tenant about a collection, runs over them by jobs, and what each question gave.
create table eval_datasets (
  tenant_id text not null,
  name text not null,
  number bigint generated always as identity,
  collection_id text not null,
  sha256 text not null,
  case_count integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, name)
);
create table eval_cases (
  tenant_id text not null,
  dataset text not null,
  id text not null,
  ordinal integer not null,
  split text not null,
  -- External ids that its quotes stand in.
  documents text[] not null,
  sha256 text not null,
  body jsonb not null,
  primary key (tenant_id, dataset, id)
);
create table eval_runs (
  tenant_id text not null,
  id text not null,
  dataset text not null,
  dataset_sha256 text not null,
  collection_id text not null,
  split text not null,
  pipeline text not null,
  pipeline_hash text not null,
  case_count integer not null,
  job_id text not null,
  corpus text,
  judges text[] not null default '{}',
  summary jsonb,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (tenant_id, id)
);
create index eval_runs_dataset on eval_runs (tenant_id, dataset);
create table eval_results (
  tenant_id text not null,
  run_id text not null,
  case_id text not null,
  ordinal integer not null,
  tags text[] not null,
  -- External ids that the result shows text of.
  documents text[] not null,
  metrics jsonb not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, run_id, case_id)
);

-- An evaluation's job is about a run, not about a document.
alter table jobs alter column document_id drop not null;
alter table jobs add column run_id text;

do $$
declare
  name text;
begin
  foreach name in array array['eval_datasets', 'eval_cases', 'eval_runs', 'eval_results'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant_isolation on %I using (tenant_id = current_setting(''footnote.tenant'', true)) with check (tenant_id = current_setting(''footnote.tenant'', true))',
      name);
  end loop;
end
$$;
