-- Whether a version's terms are in the posting lists: adding them twice would count them twice. Row-level security binds the owner too and is
-- lifted while the versions of every tenant are marked.
alter table document_versions add column posted boolean not null default false;
alter table document_versions no force row level security;
update document_versions set posted = true where live;
alter table document_versions force row level security;

-- One entry a chunk, found by its chunk: what of a version is left to be indexed.
drop index lexical_rows_version;
create unique index lexical_rows_chunk on lexical_rows using btree (tenant_id, version_id, chunk_id);
