import { newId, type Answer, type AnswerTrace, type ChunkId, type CollectionId } from "@footnote/core";
import { answerOf } from "@footnote/core/testing";
import type { Store } from "../store.ts";
import { testSettings } from "./load-chunks.ts";

export type Query = (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
export type EarlierRows = Awaited<ReturnType<typeof writeEarlierRows>>;

const at = new Date("2026-03-01T10:00:00.000Z");
const { pipeline: spec } = testSettings();
const structure = { blocks: [], pages: [], warnings: [] };
const usage = { kind: "answer", stage: "generate", model: "m", inputTokens: 10, outputTokens: 2, costUsd: "0.25" };
const summary = [{ metric: "mrr", slice: "all", mean: 1, low: 1, high: 1, count: 1 }];
const result = {
  caseId: "a",
  ordinal: 0,
  tags: ["t"],
  documents: ["x"],
  metrics: { mrr: 1, faithfulness: null },
  body: { case: { id: "a", spans: [] }, answer: { text: "kept", sentences: [], contexts: [], ranking: [] } },
};

const postingLists = `with r as (
    insert into lexical_rows (tenant_id, collection_id, version_id, chunk_id, length, terms, frequencies)
    select $1, $2, $3, c.id, 3, '{5,9}', '{2,1}' from unnest($4::text[]) as c(id) returning number
  ), t as (
    insert into lexical_totals (tenant_id, collection_id, delta, chunk_count, total_length) values ($1, $2, 0, 2, 6)
  )
  insert into lexical_terms (tenant_id, collection_id, term_id, delta, document_frequency, first_number, last_number, postings)
  select $1, $2, u.term, 0, 2, (select min(number) from r), (select max(number) from r),
    (select array_agg((number << 23) | (u.frequency::bigint << 14) | 3 order by number) from r)
  from (values (5, 2), (9, 1)) as u(term, frequency)`;

/** Two chunks of one live version, as the first migrations have them; terms 5 (twice) and 9. Later ones have posting lists. */
const lexicalRows: Record<string, string | null> = {
  "0000_tables": null,
  "0001_security_and_search": `insert into lexical_rows (tenant_id, collection_id, version_id, chunk_id, live, length, average, weights, keys)
    select $1, $2, $3, c.id, true, 3, 3, format('{5:%s,9:%s}/1000000000', 2 / (2 + 1.2), 1 / (1 + 1.2))::sparsevec, '{5,9}'
    from unnest($4::text[]) as c(id)`,
};

/**
 * A row of every kind for one tenant, in the schema as migration `from` left it, and the records that it is to be read back as.
 * Ids are a tenant's own: with `same`, those of its collection and chunks are another tenant's too.
 */
export async function writeEarlierRows(
  query: Query,
  from: string,
  same: { collectionId: CollectionId; chunkIds: readonly [ChunkId, ChunkId] } = {
    collectionId: newId("collection"),
    chunkIds: [newId("chunk"), newId("chunk")],
  },
) {
  const isSince = (migration: string) => from >= migration;
  const since = (migration: string, columns: object): object => (isSince(migration) ? columns : {});
  const tenantId = newId("tenant");
  const insert = async (table: string, row: Record<string, unknown>) => {
    const columns = ["tenant_id", ...Object.keys(row)].join(", ");
    await query(`insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1::jsonb)`, [
      JSON.stringify({ tenant_id: tenantId, ...row }),
    ]);
  };
  const { collectionId, chunkIds } = same;
  const [documentId, versionId] = [newId("document"), newId("version")];
  const [keyId, jobId, runId, runJobId, pipelineId] = [newId("key"), newId("job"), newId("run"), newId("job"), newId("pipeline")];
  const actor = { type: "key" as const, id: keyId };
  const actorColumns = { actor_type: "key", actor_id: keyId };
  const hasActors = isSince("0009_actors");

  await insert("tenants", { name: "old", created_at: at });
  await insert("collections", { id: collectionId, name: "main", settings: { pipeline: spec }, created_at: at, updated_at: at });
  const file = { media_type: "text/plain", language: "en", size_bytes: 9, metadata: { year: 2024 }, access: [] };
  await insert("documents", {
    ...file,
    id: documentId,
    collection_id: collectionId,
    external_id: "x",
    title: "X",
    state: "ready",
    version_id: versionId,
    newest_version_id: versionId,
    created_at: at,
    updated_at: at,
  });
  await insert("document_versions", {
    ...file,
    id: versionId,
    document_id: documentId,
    collection_id: collectionId,
    number: 1,
    state: "live",
    live: true,
    sha256: "s",
    parsed_title: "X",
    text: "One. Two.",
    structure,
    created_at: at,
    live_at: at,
    ...since("0011_index_writers", { posted: true }),
  });
  const chunks = chunkIds.map((id, ordinal) => ({
    id,
    ordinal,
    start: ordinal * 5,
    end: ordinal * 5 + 4,
    text: ordinal ? "Two." : "One.",
  }));
  for (const { id, ordinal, start, end, text } of chunks) {
    const span = { start_offset: start, end_offset: end, text, heading_path: ["H"], token_count: 1 };
    await insert("chunks", { id, version_id: versionId, ordinal, ...span, input_sha256: "i" });
  }
  const terms = from in lexicalRows ? lexicalRows[from] : postingLists;
  if (terms) await query(terms, [tenantId, collectionId, versionId, chunkIds]);

  await insert("api_keys", { id: keyId, name: "k", digest: "d", scopes: ["ask"], collections: [collectionId], created_at: at });
  const ended = { stage: "publish", progress: 1, attempts: 1, max_attempts: 5, cancel_requested: false, updated_at: at, finished_at: at };
  const job = { state: "succeeded", collection_id: collectionId, created_at: at, ...ended };
  await insert("jobs", { ...job, id: jobId, kind: "ingest", document_id: documentId, version_id: versionId, result: { chunks: 2 } });
  await insert("outbox", isSince("0010_outbox_topics") ? { topic: "job", payload: { jobId } } : { job_id: jobId });

  const conversationId = newId("conversation");
  const source = { documentId, versionId, chunkId: chunkIds[0], title: "X" };
  const spans = { answerSpan: { start: 0, end: 4 }, sourceSpan: { start: 0, end: 4 } };
  const citation = { id: "1", marker: 1, source, ...spans, quote: "One.", verification: "exact" as const };
  const answer: Answer = { ...answerOf({ conversationId, question: "Which?", text: "One.", citations: [citation] }), createdAt: at };
  const { id: answerId, question, text, conversationId: _in, createdAt: _at, ...body } = answer;
  const trace: AnswerTrace = {
    version: 1,
    spec,
    historyTurns: 0,
    searches: [{ asked: "Which?", trace: null }],
    sources: [],
    chunksRead: [],
    request: { model: "m", extractive: false, prompt: "p", sha256: null },
    output: [{ type: "text-delta", text: "One." }],
    dropped: { markers: 0, quotes: 0 },
    truncated: [],
    redacted: false,
  };
  await insert("conversations", { id: conversationId, collection_id: collectionId, created_at: at });
  await insert("answers", {
    id: answerId,
    conversation_id: conversationId,
    collection_id: collectionId,
    question,
    text,
    body,
    created_at: at,
    ...since("0005_answer_traces", { trace }),
    ...since("0009_actors", actorColumns),
  });
  await insert("answer_sources", { answer_id: answerId, document_id: documentId, version_id: versionId });
  for (const [type, id] of [
    ["key", keyId],
    ["user", "a"],
  ]) {
    const author = hasActors ? { author_type: type, author_id: id } : since("0007_feedback", { author: `${type}:${id}` });
    const reason = since("0007_feedback", { reason: "incorrect" });
    await insert("feedback", { answer_id: answerId, rating: "down", comment: "No.", created_at: at, ...author, ...reason });
  }

  const audited = { action: "key.create", subject: keyId, request_id: "req_1", details: { scopes: "ask" }, created_at: at };
  await insert("audit_log", { ...audited, ...(hasActors ? actorColumns : { actor: keyId }) });
  const { inputTokens: input_tokens, outputTokens: output_tokens, costUsd: cost_usd, ...used } = usage;
  await insert("usage_entries", { ...used, request_id: "req_1", input_tokens, output_tokens, cost_usd, created_at: at });
  await insert("pipelines", { id: pipelineId, name: spec.name, version: spec.version, hash: "h", spec, created_at: at });
  const requested = { key: "i", request_sha256: "r", status: 200, body: "{}", created_at: new Date() };
  await insert("idempotency_keys", { ...requested, ...(hasActors ? actorColumns : { principal: keyId }) });

  const hasEvaluations = isSince("0006_evaluations");
  if (hasEvaluations) {
    const counted = { collection_id: collectionId, case_count: 1, created_at: at };
    await insert("eval_datasets", { ...counted, name: "set", sha256: "s", updated_at: at });
    await insert("eval_cases", { dataset: "set", id: "a", ordinal: 0, split: "test", documents: ["x"], sha256: "s", body: { id: "a" } });
    await insert("jobs", { ...job, id: runJobId, kind: "evaluate", run_id: runId });
    await insert("eval_runs", {
      ...counted,
      id: runId,
      dataset: "set",
      dataset_sha256: "s",
      split: "test",
      pipeline: "test",
      pipeline_hash: "h",
      job_id: runJobId,
      corpus: "c",
      judges: ["j"],
      summary,
      finished_at: at,
      ...(hasActors ? actorColumns : since("0008_run_keys", { key_id: keyId })),
      ...since("0008_run_keys", { documents_changed: true }),
    });
    const { caseId, ...rest } = result;
    await insert("eval_results", { ...rest, run_id: runId, case_id: caseId, created_at: at });
  }

  const about = { collectionId, mediaType: "text/plain", language: "en", title: "X", sizeBytes: 9, createdAt: at };
  const jobRecord = { state: "succeeded", stage: "publish", progress: 1, attempts: 1, maxAttempts: 5, error: null, cancelRequested: false };
  const jobTimes = { heartbeatAt: null, runAfter: null, createdAt: at, updatedAt: at, finishedAt: at };
  const keyRecord = { scopes: ["ask"], collections: [collectionId], expiresAt: null, revokedAt: null };
  const version = { ...about, id: versionId, documentId, number: 1, state: "live", sha256: "s", fileName: null, liveAt: at };
  const run = {
    id: runId,
    dataset: "set",
    datasetSha256: "s",
    collectionId,
    split: "test",
    pipeline: "test",
    pipelineHash: "h",
    actor: isSince("0008_run_keys") ? actor : null,
    caseCount: 1,
    doneCount: 1,
    jobId: runJobId,
    state: "succeeded",
    error: null,
    corpus: "c",
    judges: ["j"],
    documentsChanged: isSince("0008_run_keys"),
    summary,
    createdAt: at,
    finishedAt: at,
  };
  const records = {
    tenant: { id: tenantId, name: "old", createdAt: at },
    collection: { id: collectionId, name: "main", settings: { pipeline: spec }, documentCount: 1, createdAt: at, updatedAt: at },
    documents: [
      {
        ...about,
        id: documentId,
        tenantId,
        externalId: "x",
        metadata: { year: 2024 },
        access: [],
        state: "ready",
        versionId,
        error: null,
        updatedAt: at,
      },
    ],
    text: { text: "One. Two.", version },
    parsed: { title: "X", mediaType: "text/plain", language: "en", text: "One. Two.", ...structure },
    chunks: chunks.map((chunk) => ({ ...chunk, versionId, headingPath: ["H"], tokenCount: 1 })),
    found: terms ? chunkIds.toSorted() : [],
    keys: [{ ...keyRecord, id: keyId, name: "k", lastUsedAt: null, createdAt: at }],
    authentication: { ...keyRecord, keyId, tenantId, digest: "d" },
    job: { ...jobRecord, ...jobTimes, id: jobId, kind: "ingest", collectionId, documentId, versionId, runId: null, result: { chunks: 2 } },
    conversation: { id: conversationId, collectionId, createdAt: at, turns: [{ answerId, question, text, createdAt: at }] },
    answer,
    trace: isSince("0005_answer_traces") ? trace : null,
    ratedDown: [
      {
        id: answerId,
        collectionId,
        question,
        history: [],
        text,
        finishReason: answer.finishReason,
        pipeline: answer.pipeline,
        createdAt: at,
        cited: [{ document: "x", quote: "One." }],
        votes: 2,
        ratedAt: at,
        comment: "No.",
        ...since("0007_feedback", { reason: "incorrect" }),
      },
    ],
    audit: [{ actor, action: "key.create", subject: keyId, requestId: "req_1", details: { scopes: "ask" }, createdAt: at }],
    usage: [{ ...usage, requests: 1 }],
    pipelines: [{ id: pipelineId, spec, hash: "h", createdAt: at }],
    repeated: { type: "replay", status: 200, body: "{}" },
    datasets: hasEvaluations ? [{ name: "set", collectionId, sha256: "s", caseCount: 1, createdAt: at, updatedAt: at }] : [],
    cases: hasEvaluations ? [{ id: "a" }] : [],
    runs: hasEvaluations ? [run] : [],
    results: hasEvaluations ? [result] : [],
  };
  return { tenantId, collectionId, chunkIds, documentId, versionId, keyId, jobId, conversationId, answerId, runId, records };
}

/** What the repositories give of those rows, in the form of `records`. */
export async function readEarlierRows(store: Store, rows: EarlierRows) {
  const { tenantId, collectionId, documentId, versionId, keyId, jobId, conversationId, answerId, runId } = rows;
  const query = { termIds: [9], frequencies: [1], length: 1 };
  const found = await store.lexical.search({ tenantId, collectionId, query, limit: 5 });
  return {
    tenant: await store.routing.getTenant(tenantId),
    collection: await store.collections.get(tenantId, "main"),
    documents: (await store.documents.list(tenantId, collectionId, {})).data,
    text: await store.documents.text(tenantId, documentId),
    parsed: await store.versions.loadParsed(tenantId, versionId),
    chunks: (await store.documents.chunks(tenantId, documentId, {}))?.data,
    found: found.map(({ chunkId }) => chunkId).toSorted(),
    keys: (await store.keys.list(tenantId, {})).data,
    authentication: await store.routing.authenticate(keyId),
    job: await store.jobs.get(tenantId, jobId),
    conversation: await store.conversations.get(tenantId, conversationId),
    answer: await store.answers.get(tenantId, answerId),
    trace: await store.answers.trace(tenantId, answerId),
    ratedDown: (await store.answers.listRatedDown(tenantId, { collections: null, page: {} })).data,
    audit: (await store.audit.list(tenantId, {})).data,
    usage: await store.usage.summary(tenantId, { from: at, to: new Date(at.getTime() + 1) }),
    pipelines: await store.pipelines.list(tenantId),
    repeated: await store.idempotency.begin({ tenantId, actor: { type: "key", id: keyId } }, "i", "r"),
    datasets: (await store.evaluations.listDatasets(tenantId, {})).data,
    cases: await store.evaluations.cases(tenantId, "set", { split: "test" }),
    runs: (await store.evaluations.listRuns(tenantId, {})).data,
    results: (await store.evaluations.listResults(tenantId, runId, {})).data,
  };
}
