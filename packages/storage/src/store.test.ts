import { FootnoteError, newId, sha256, type Answer, type AnswerTrace } from "@footnote/core";
import { answerOf } from "@footnote/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { analyzeWords, createTenantAndCollection, loadChunks, testSettings } from "./testing/load-chunks.ts";
import { availableEngines, openTestStore, type TestStore } from "./testing/test-store.ts";
import { testBy } from "./testing/test-by.ts";

const space = { space: "fake_64", dimensions: 64, tokenVectors: true };

describe.each(await availableEngines())("Store on %s", (engine) => {
  let opened: TestStore;
  beforeAll(async () => {
    opened = await openTestStore(engine);
  });
  afterAll(() => opened.close());

  const load = (scope: Awaited<ReturnType<typeof createTenantAndCollection>>, externalId: string, texts: string[], publish = true) =>
    loadChunks(opened.store, { ...scope, ...space, externalId, chunks: texts.map((text) => ({ text })), publish });
  const find = async (scope: Awaited<ReturnType<typeof createTenantAndCollection>>, words: string) =>
    (await opened.store.lexical.search({ ...scope, query: analyzeWords(words), limit: 10 })).map(({ chunkId }) => chunkId);

  it("forces row-level security on every table with a tenant, and every unique key of them begins with it", async () => {
    const tables = await opened.superuser(
      `select c.relname, c.relrowsecurity and c.relforcerowsecurity as forced from pg_class c join pg_attribute a on a.attrelid = c.oid
       and a.attname = 'tenant_id' where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`,
    );
    expect(tables.length).toBeGreaterThanOrEqual(22);
    expect(tables.filter((table) => !table.forced)).toEqual([]);
    const keys = await opened.superuser(
      `select i.indexrelid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indrelid
       join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id'
       where i.indisunique and c.relnamespace = 'public'::regnamespace and i.indkey[0] <> t.attnum`,
    );
    expect(keys).toEqual([]);
  });

  it("has exactly the listed functions that look past a tenant, owned by roles that nobody logs in as", async () => {
    const functions = await opened.superuser(
      `select p.proname, r.rolname, r.rolcanlogin, array_to_string(p.proconfig, ',') like '%search_path=public, pg_temp%' as pinned,
         has_function_privilege('public', p.oid, 'execute') as open
       from pg_proc p join pg_roles r on r.oid = p.proowner where p.prosecdef and p.pronamespace = 'public'::regnamespace order by 1`,
    );
    expect(functions.map((row) => `${String(row.rolname)}.${String(row.proname)}`)).toEqual([
      "footnote_router.route_authenticate",
      "footnote_router.route_claim_outbox",
      "footnote_router.route_complete_outbox",
      "footnote_router.route_count_operator_keys",
      "footnote_router.route_create_operator_key",
      "footnote_router.route_create_tenant",
      "footnote_router.route_get_tenant",
      "footnote_router.route_list_tenants",
      "footnote_router.route_stranded_jobs",
      "footnote_router.route_tenants_with_index_work",
      "footnote_router.route_touch_key",
      "footnote_search.search_confirmed",
      "footnote_search.search_dense",
      "footnote_search.search_lexical",
      "footnote_search.search_postings",
      "footnote_search.search_visible",
    ]);
    expect(functions.every((row) => row.pinned && !row.rolcanlogin && !row.open)).toBe(true);
  });

  it("shows nothing of one tenant to another, in any method that takes an id", async () => {
    const { store } = opened;
    const mine = await createTenantAndCollection(store);
    const { documentId, versionId, jobId, chunkIds } = await load(mine, "secret", ["the secret plan", "another part"]);
    const { id: other } = await store.routing.createTenant({ name: "other", by: testBy });
    expect(await store.collections.get(other, mine.collectionId)).toBeNull();
    expect(await store.documents.get(other, documentId)).toBeNull();
    expect(await store.documents.text(other, documentId)).toBeNull();
    expect(await store.documents.chunks(other, documentId, {})).toBeNull();
    expect(await store.documents.requestDeletion(other, documentId, testBy)).toBeNull();
    expect((await store.documents.erase(other, documentId, testBy)).chunks).toBe(0);
    expect(await store.versions.get(other, versionId)).toBeNull();
    expect(await store.versions.loadParsed(other, versionId)).toBeNull();
    expect(await store.jobs.get(other, jobId)).toBeNull();
    expect(await store.jobs.cancel(other, jobId, testBy)).toBeNull();
    expect(await store.jobs.retry(other, jobId, testBy)).toBeNull();
    expect((await store.chunks.read({ tenantId: other, chunkIds })).size).toBe(0);
    expect(await store.chunks.range({ tenantId: other, versionId, from: 0, to: 9 })).toEqual([]);
    expect((await store.tokenVectors.read({ tenantId: other, space: "fake_64", chunkIds })).size).toBe(0);
    expect((await store.vectors.read({ tenantId: other, space: "fake_64", chunkIds })).size).toBe(0);
    expect((await store.collections.languages(other, [mine.collectionId])).size).toBe(0);
    await expect(store.versions.publish(other, versionId, "fake_64")).rejects.toMatchObject({ code: "not_found" });
    await expect(store.conversations.create(other, mine.collectionId, testBy)).rejects.toMatchObject({ code: "not_found" });
    const put = { collectionId: mine.collectionId, externalId: "x", sha256: sha256("x"), sizeBytes: 1, mediaType: "text/plain" };
    await expect(store.documents.put(other, { ...put, by: testBy })).rejects.toMatchObject({ code: "not_found" });
    expect((await store.documents.get(mine.tenantId, documentId))?.state).toBe("ready");
    // Without a tenant there are no rows at all.
    expect((await opened.sql.executeSql("select count(*)::integer as count from chunks")).rows).toEqual([{ count: 0 }]);
    await expect(opened.sql.executeSql("delete from audit_log")).rejects.toThrow(/permission denied/);
  });

  it("serves a version's content, pages through it, and flips to the next one at once", async () => {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const first = await load(scope, "doc", ["alpha beta", "gamma delta", "epsilon"]);
    expect(await store.documents.get(scope.tenantId, first.documentId)).toMatchObject({
      state: "ready",
      versionId: first.versionId,
      title: "Title of doc",
    });
    const page = await store.documents.chunks(scope.tenantId, first.documentId, { limit: 2 });
    const rest = await store.documents.chunks(scope.tenantId, first.documentId, { limit: 2, cursor: page?.nextCursor ?? "" });
    expect([...(page?.data ?? []), ...(rest?.data ?? [])].map(({ text, ordinal }) => [ordinal, text])).toEqual([
      [0, "alpha beta"],
      [1, "gamma delta"],
      [2, "epsilon"],
    ]);
    expect(rest?.nextCursor).toBeNull();
    const located = await store.chunks.read({ tenantId: scope.tenantId, chunkIds: first.chunkIds });
    expect(located.get(first.chunkIds[0] ?? newId("chunk"))).toMatchObject({
      documentId: first.documentId,
      title: "Title of doc",
      headingPath: ["Heading"],
    });
    const second = await load(scope, "doc", ["alpha beta", "zeta"], false);
    expect(second.documentId).toBe(first.documentId);
    expect(await find(scope, "gamma")).toEqual([first.chunkIds[1]]);
    expect(await store.versions.publish(scope.tenantId, second.versionId, "fake_64")).toEqual({ published: true });
    expect(await find(scope, "gamma")).toEqual([]);
    expect((await find(scope, "alpha zeta")).sort()).toEqual([...second.chunkIds].sort());
    expect((await store.documents.text(scope.tenantId, first.documentId))?.text).toBe("alpha beta\nzeta");
    expect((await store.documents.text(scope.tenantId, first.documentId, first.versionId))?.text).toContain("gamma");
    expect((await store.versions.get(scope.tenantId, first.versionId))?.state).toBe("superseded");
    // Retention keeps one old version; the third publication removes the first.
    await load(scope, "doc", ["eta"]);
    expect(await store.versions.get(scope.tenantId, first.versionId)).toBeNull();
    // Erasing the document takes the bytes of all three.
    await store.documents.requestDeletion(scope.tenantId, first.documentId, testBy);
    expect(await store.documents.erase(scope.tenantId, first.documentId, testBy)).toMatchObject({ versions: 2, blobs: 3 });
    expect(await Array.fromAsync(store.blobs.list({ tenantId: scope.tenantId }))).toEqual([]);
  });

  it("keeps a version in two spaces side by side, and takes it live when both are complete", async () => {
    const { store } = opened;
    const { tenantId, collectionId } = await createTenantAndCollection(store);
    const scope = { tenantId, collectionId };
    const { versionId, documentId, chunkIds } = await load(scope, "doc", ["alpha beta", "gamma"], false);
    const both = ["fake_64", "tiny_8"];
    await expect(store.versions.publish(tenantId, versionId, both)).rejects.toMatchObject({ code: "embedding_invalid" });
    const pending = await store.versions.pendingChunks(tenantId, versionId, "tiny_8", 10);
    const axis = (at: number) => Float32Array.from({ length: 8 }, (_, i) => (i === at ? 1 : 0));
    await store.writers.vectors("tiny_8").write({
      tenantId,
      versionId,
      entries: pending.map(({ chunkId, inputSha256, ordinal }) => ({ chunkId, inputSha256, vector: axis(7 - ordinal) })),
    });
    expect(await store.versions.publish(tenantId, versionId, both)).toEqual({ published: true });
    // The second chunk is nearest to axis 6 in one space and to axis 1 in the other.
    const nearest = async (space: string, vector: Float32Array) =>
      (await store.dense.search({ ...scope, space, vector, limit: 1 })).map(({ chunkId }) => chunkId);
    expect(await nearest("tiny_8", axis(6))).toEqual([chunkIds[1]]);
    expect(
      await nearest(
        "fake_64",
        Float32Array.from({ length: 64 }, (_, at) => (at === 1 ? 1 : 0)),
      ),
    ).toEqual([chunkIds[1]]);
    const read = await store.vectors.read({ tenantId, space: "tiny_8", chunkIds });
    expect([...(read.get(chunkIds[1] ?? newId("chunk")) ?? [])]).toEqual([...axis(6)]);
    expect((await store.vectors.read({ tenantId, space: "tiny_8", chunkIds: [] })).size).toBe(0);
    expect((await store.collections.languages(tenantId, [collectionId])).get(collectionId)).toEqual([{ language: "en", documents: 1 }]);
    await store.documents.requestDeletion(tenantId, documentId, testBy);
    expect((await store.collections.languages(tenantId, [collectionId])).size).toBe(0);
    await store.documents.erase(tenantId, documentId, testBy);
    expect((await store.vectors.read({ tenantId, space: "tiny_8", chunkIds })).size).toBe(0);
  });

  it("reads a pipeline that was stored before the spec had more fields", async () => {
    const { store } = opened;
    const { tenantId, collectionId } = await createTenantAndCollection(store);
    const { pipeline } = testSettings();
    await opened.superuser(
      "update collections set settings = jsonb_set(settings, '{pipeline}', (settings->'pipeline') - array['transform', 'followUps', 'router', 'space', 'diversity']) where id = $1",
      [collectionId],
    );
    expect((await store.collections.get(tenantId, collectionId))?.settings.pipeline).toEqual(pipeline);
    await opened.superuser("update collections set settings = jsonb_set(settings, '{pipeline,topK}', '0') where id = $1", [collectionId]);
    await expect(store.collections.get(tenantId, collectionId)).rejects.toMatchObject({ code: "configuration_invalid" });
  });

  it("supersedes a version that finishes after a newer one", async () => {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const older = await load(scope, "doc", ["old words"], false);
    const newer = await load(scope, "doc", ["new words"]);
    expect(await store.versions.publish(scope.tenantId, older.versionId, "fake_64")).toEqual({ published: false });
    expect(await find(scope, "words")).toEqual(newer.chunkIds);
    await expect(store.versions.saveChunks(scope.tenantId, older.versionId, [])).rejects.toMatchObject({ code: "conflict" });
  });

  it("reuses vectors of equal inputs and refuses broken ones and unfinished versions", async () => {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    await load(scope, "one", ["same text", "only here"]);
    const { version } = await store.documents.put(scope.tenantId, {
      collectionId: scope.collectionId,
      externalId: "two",
      sha256: sha256("two"),
      sizeBytes: 3,
      mediaType: "text/plain",
      by: testBy,
    });
    const chunk = (text: string) => ({
      draft: { start: 0, end: text.length, text, headingPath: [], tokenCount: 2, contextSpan: { start: 0, end: 3 } },
      inputSha256: sha256(text),
    });
    const parsed = { title: null, mediaType: "text/plain", language: null, text: "same text", blocks: [], pages: [], warnings: ["w"] };
    await store.versions.saveParsed(scope.tenantId, version.id, parsed);
    expect(await store.versions.loadParsed(scope.tenantId, version.id)).toEqual(parsed);
    await store.versions.saveChunks(scope.tenantId, version.id, [chunk("same text"), chunk("new text")]);
    expect(await store.versions.reuseVectors(scope.tenantId, version.id, "fake_64")).toBe(1);
    const [pending, ...none] = await store.versions.pendingChunks(scope.tenantId, version.id, "fake_64", 10);
    expect(none).toEqual([]);
    expect(pending).toMatchObject({ ordinal: 1, text: "new text", contextText: "sam" });
    await expect(store.versions.publish(scope.tenantId, version.id, "fake_64")).rejects.toMatchObject({ code: "embedding_invalid" });
    const save = (vector: Float32Array, tokenVectors?: Uint8Array) =>
      store.writers.vectors("fake_64").write({
        tenantId: scope.tenantId,
        versionId: version.id,
        entries: [
          {
            chunkId: pending?.chunkId ?? newId("chunk"),
            inputSha256: sha256("new text"),
            vector,
            ...(tokenVectors ? { tokenVectors } : {}),
          },
        ],
      });
    const good = new Float32Array(64).fill(0.125);
    await expect(save(new Float32Array(63).fill(1), Uint8Array.of(1))).rejects.toMatchObject({ code: "embedding_invalid" });
    await expect(save(new Float32Array(64).fill(Number.NaN), Uint8Array.of(1))).rejects.toMatchObject({ code: "embedding_invalid" });
    await expect(save(new Float32Array(64), Uint8Array.of(1))).rejects.toMatchObject({ code: "embedding_invalid" });
    await expect(save(good)).rejects.toMatchObject({ code: "embedding_invalid" });
    await save(good, Uint8Array.of(7, 0, 255));
    await save(good, Uint8Array.of(7, 0, 255));
    const tokens = await store.tokenVectors.read({
      tenantId: scope.tenantId,
      space: "fake_64",
      chunkIds: [pending?.chunkId ?? newId("chunk")],
    });
    expect([...tokens.values()].map((bytes) => [...bytes])).toEqual([[7, 0, 255]]);
    await expect(store.versions.publish(scope.tenantId, version.id, "fake_64")).rejects.toMatchObject({ code: "storage_failed" });
    const unindexed = await store.versions.pendingChunks(scope.tenantId, version.id, null, 10);
    expect(unindexed.map(({ text }) => text)).toEqual(["same text", "new text"]);
    const [analyzedFirst] = unindexed.map(({ chunkId, text }) => ({ chunkId, analyzed: analyzeWords(text) }));
    const target = { tenantId: scope.tenantId, versionId: version.id };
    if (analyzedFirst) await store.writers.lexical.write({ ...target, entries: [analyzedFirst] });
    expect(await store.versions.countChunks(scope.tenantId, version.id, null)).toEqual({ total: 2, pending: 1 });
    expect(await store.versions.countChunks(scope.tenantId, version.id, "fake_64")).toEqual({ total: 2, pending: 0 });
    const left = await store.versions.pendingChunks(scope.tenantId, version.id, null, 10);
    await store.writers.lexical.write({ ...target, entries: left.map(({ chunkId, text }) => ({ chunkId, analyzed: analyzeWords(text) })) });
    expect(await store.versions.publish(scope.tenantId, version.id, "fake_64")).toEqual({ published: true });
  });

  it("leads a job from the outbox through lease, heartbeat, failure, retry and cancel", async () => {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const { jobId, versionId, documentId } = await load(scope, "doc", ["text"], false);
    const { tenantId } = scope;
    const claimed = (await store.routing.claimOutbox({ topics: ["job"], limit: 1000, leaseMs: 60_000 })).filter(
      (row) => row.tenantId === tenantId,
    );
    expect(claimed.map(({ topic, payload }) => ({ topic, payload }))).toEqual([{ topic: "job", payload: { jobId } }]);
    expect(await store.routing.claimOutbox({ topics: ["other"], limit: 1000, leaseMs: 60_000 })).toEqual([]);
    expect(
      (await store.routing.claimOutbox({ topics: ["job"], limit: 1000, leaseMs: 60_000 })).filter((row) => row.tenantId === tenantId),
    ).toEqual([]);
    await store.routing.completeOutbox(claimed.map((row) => row.id));
    const started = await store.jobs.start(tenantId, jobId, { staleMs: 60_000 });
    expect(started?.job).toMatchObject({ state: "running", attempts: 1 });
    expect(await store.jobs.start(tenantId, jobId, { staleMs: 60_000 })).toBeNull();
    expect(await store.routing.strandedJobs({ staleMs: 60_000, limit: 1000 })).not.toContainEqual({ tenantId, jobId });
    expect(await store.routing.strandedJobs({ staleMs: -1000, limit: 1000 })).toContainEqual({ tenantId, jobId });
    const again = await store.jobs.start(tenantId, jobId, { staleMs: -1000 });
    const beat = (lease = "") => store.jobs.heartbeat(tenantId, jobId, lease, { stage: "embed", progress: 0.5 });
    expect(await beat(started?.lease)).toBe("lost");
    expect(await beat(again?.lease)).toBe("ok");
    expect(await store.jobs.finish(tenantId, jobId, started?.lease ?? "", { state: "succeeded" })).toBe(false);
    const later = { state: "queued", error: { code: "timeout", message: "Slow." }, runAfter: new Date(Date.now() + 60_000) } as const;
    expect(await store.jobs.finish(tenantId, jobId, again?.lease ?? "", later)).toBe(true);
    expect(await store.jobs.start(tenantId, jobId, { staleMs: 0 })).toBeNull();
    expect(await store.jobs.cancel(tenantId, jobId, { actor: { type: "key", id: "key_x" } })).toMatchObject({ state: "cancelled" });
    expect((await store.versions.get(tenantId, versionId))?.state).toBe("cancelled");
    expect(await store.documents.get(tenantId, documentId)).toMatchObject({ state: "failed", error: { code: "cancelled" } });
    expect(await store.jobs.retry(tenantId, jobId, testBy)).toMatchObject({ state: "queued", attempts: 0, error: null });
    await expect(store.jobs.retry(tenantId, jobId, testBy)).rejects.toMatchObject({ code: "conflict" });
    const third = await store.jobs.start(tenantId, jobId, { staleMs: 0 });
    await store.jobs.cancel(tenantId, jobId, testBy);
    expect(await beat(third?.lease)).toBe("cancel");
    const stopped = { state: "cancelled", error: { code: "cancelled", message: "Stopped." } } as const;
    // Whoever has lost the job takes nothing away from whoever has it now.
    await store.versions.abandon(tenantId, versionId, { ...stopped, heldBy: { jobId, lease: again?.lease ?? "" } });
    expect((await store.versions.get(tenantId, versionId))?.state).toBe("pending");
    await store.versions.abandon(tenantId, versionId, { ...stopped, heldBy: { jobId, lease: third?.lease ?? "" } });
    expect((await store.versions.get(tenantId, versionId))?.state).toBe("cancelled");
    await store.jobs.finish(tenantId, jobId, third?.lease ?? "", { state: "cancelled", error: { code: "cancelled", message: "Stopped." } });
    expect((await store.jobs.list(tenantId, { state: "cancelled", documentId })).data.map(({ id }) => id)).toEqual([jobId]);
    expect((await store.audit.list(tenantId, {})).data.map(({ action }) => action)).toEqual([
      "job.cancel",
      "job.retry",
      "job.cancel",
      "document.put",
      "collection.create",
      "tenant.create",
    ]);
  });

  it("keeps the bytes of a document that is put while another one with the same bytes is erased", async () => {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const bytes = Buffer.from("the same bytes");
    for (let round = 0; round < 5; round++) {
      const put = async (externalId: string) => {
        const blob = await store.blobs.put({ tenantId: scope.tenantId, bytes });
        return store.documents.put(scope.tenantId, {
          collectionId: scope.collectionId,
          externalId,
          ...blob,
          bytes,
          mediaType: "text/plain",
          by: testBy,
        });
      };
      const first = await put(`first ${round}`);
      await store.documents.requestDeletion(scope.tenantId, first.document.id, testBy);
      // Between the caller's own put of the bytes and its document, the worst moment, an erasure runs to its end.
      const blob = await store.blobs.put({ tenantId: scope.tenantId, bytes });
      const erased = store.documents.erase(scope.tenantId, first.document.id, testBy);
      if (round % 2 === 0) await erased;
      const second = await store.documents.put(scope.tenantId, {
        collectionId: scope.collectionId,
        externalId: `second ${round}`,
        ...blob,
        bytes,
        mediaType: "text/plain",
        by: testBy,
      });
      await erased;
      expect(await store.blobs.get({ tenantId: scope.tenantId, sha256: blob.sha256 })).not.toBeNull();
      await store.documents.requestDeletion(scope.tenantId, second.document.id, testBy);
      expect((await store.documents.erase(scope.tenantId, second.document.id, testBy)).blobs).toBe(1);
      expect(await store.blobs.get({ tenantId: scope.tenantId, sha256: blob.sha256 })).toBeNull();
    }
  });

  it("follows what is erased through the conversation: a model may repeat earlier answers without a footnote", async () => {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const { tenantId, collectionId } = scope;
    const gone = await load(scope, "gone", ["The launch code is 4711."]);
    const kept = await load(scope, "kept", ["The office opens at nine."]);
    const conversationId = await store.conversations.create(tenantId, collectionId, testBy);
    const chunks = await store.chunks.read({ tenantId, chunkIds: [...gone.chunkIds, ...kept.chunkIds] });
    let turns = 0;
    /** A turn that says these sentences, each with a footnote to a document or without one. */
    async function say(options: { extractive: boolean }, ...sentences: [words: string, from?: typeof gone][]) {
      const id = newId("answer");
      const answer = answerOf({
        id,
        conversationId,
      });
      for (const [words, from] of sentences) {
        const answerSpan = { start: answer.text.length, end: answer.text.length + words.length };
        answer.text += `${words} `;
        answer.claims.push({ answerSpan, support: from ? "supported" : "unsupported" });
        const chunkId = from?.chunkIds[0];
        const chunk = chunkId && chunks.get(chunkId);
        if (!from || !chunk) continue;
        const { documentId, versionId } = from;
        const marker = answer.citations.length + 1;
        const source = { documentId, versionId, chunkId: chunk.id, title: null };
        answer.citations.push({
          id: `c${marker}`,
          marker,
          answerSpan,
          source,
          sourceSpan: answerSpan,
          quote: words,
          verification: "exact",
        });
        answer.sources.push({ chunk, score: 1, ranks: {}, scores: {} });
      }
      const trace: AnswerTrace = {
        version: 1,
        spec: testSettings().pipeline,
        historyTurns: turns++,
        searches: [{ asked: "the code 4711", trace: null }],
        sources: [],
        chunksRead: [],
        request: { model: "m", extractive: options.extractive, prompt: "p", sha256: null },
        output: [{ type: "text-delta", text: answer.text }],
        dropped: { markers: 0, quotes: 0 },
        truncated: [],
        redacted: false,
      };
      await store.answers.save(tenantId, answer, { collectionId, trace, by: testBy });
      await store.answers.saveFeedback(
        tenantId,
        id,
        { author: { type: "key", id: "a" }, rating: "down", comment: `Said: ${answer.text}` },
        testBy,
      );
      return { id, text: answer.text };
    }
    const office = "The office opens at nine.";
    const before = await say({ extractive: false }, ["My guess is 4711."]);
    const first = await say({ extractive: false }, ["The launch code is 4711.", gone], ["Remember 4711."], [office, kept]);
    const generated = await say({ extractive: false }, ["As said, it is 4711."], [office, kept]);
    const quoted = await say({ extractive: true }, [office, kept]);
    const last = await say({ extractive: false }, ["Once more: 4711."]);
    expect(await store.documents.erase(tenantId, gone.documentId, testBy)).toMatchObject({ answersRedacted: 3, feedbackRedacted: 3 });
    const read = async ({ id }: { id: typeof first.id }) => ({
      answer: await store.answers.get(tenantId, id),
      trace: await store.answers.trace(tenantId, id),
    });
    const after = await Promise.all([first, generated, last].map(read));
    expect(JSON.stringify(after)).not.toContain("4711");
    for (const [at, { text }] of [first, generated, last].entries()) {
      const { answer, trace } = after[at] ?? {};
      expect(answer?.text).toHaveLength(text.length);
      expect(answer?.text.includes(office)).toBe(text.includes(office));
      expect(trace).toMatchObject({ redacted: true, output: [] });
    }
    // What only quotes the documents that are left stays, as does all that was said before.
    const later = await read(quoted);
    expect(later.answer?.text).toBe(quoted.text);
    expect(later.trace).toMatchObject({ redacted: true, searches: [{ asked: "" }], output: [] });
    const earlier = await read(before);
    expect([earlier.answer?.text, earlier.trace?.redacted]).toEqual([before.text, false]);
    const rated = await store.answers.listRatedDown(tenantId, { collections: null, page: {} });
    expect(rated.data.filter(({ comment }) => comment !== undefined).map(({ id }) => id)).toEqual([quoted.id, before.id]);
  });

  it("lists more than ten audit rows newest first, page by page", async () => {
    const { store } = opened;
    const { tenantId } = await createTenantAndCollection(store);
    for (let at = 0; at < 12; at++) await store.collections.put(tenantId, { name: `c${at}`, settings: testSettings(), by: testBy });
    const first = await store.audit.list(tenantId, { limit: 11 });
    const second = await store.audit.list(tenantId, { limit: 11, cursor: first.nextCursor ?? "" });
    const names = [...first.data, ...second.data].map(({ details }) => details.name);
    expect(names.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, at) => `c${11 - at}`));
  });

  it("erases a document from every store and redacts what quoted it, once", async () => {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const { tenantId, collectionId } = scope;
    const gone = await load(scope, "gone", ["The launch code is 4711.", "More of it."]);
    const kept = await load(scope, "kept", ["The office opens at nine."]);
    const conversationId = await store.conversations.create(tenantId, collectionId, testBy);
    const chunks = await store.chunks.read({ tenantId, chunkIds: [...gone.chunkIds, ...kept.chunkIds] });
    const text = "The launch code is 4711. [1] The office opens at nine. [2]";
    const cite = (marker: number, start: number, quote: string, at: typeof gone) => ({
      id: String(marker),
      marker,
      answerSpan: { start, end: start + quote.length },
      source: { documentId: at.documentId, versionId: at.versionId, chunkId: at.chunkIds[0] ?? newId("chunk"), title: null },
      sourceSpan: { start: 0, end: quote.length },
      quote,
      verification: "exact" as const,
    });
    const answer = answerOf({
      conversationId,
      text,
      citations: [cite(1, 0, "The launch code is 4711.", gone), cite(2, 29, "The office opens at nine.", kept)],
      sources: [...chunks.values()].map((chunk) => ({ chunk, score: 1, ranks: {}, scores: {} })),
    });
    const searched = {
      query: "launch code",
      terms: ["launch"],
      legs: [{ leg: "dense" as const, query: "The launch code 4711", results: [] }],
      fused: gone.chunkIds.map((chunkId) => ({ chunkId, score: 0.5 })),
      passages: ["The launch code is 4711."],
    };
    const trace: AnswerTrace = {
      version: 1,
      spec: testSettings().pipeline,
      historyTurns: 0,
      searches: [{ asked: "the code 4711", trace: searched }],
      sources: [gone, kept].map(({ documentId, versionId, chunkIds }, index) => ({
        marker: index + 1,
        chunkId: chunkIds[0] ?? newId("chunk"),
        documentId,
        versionId,
        isHit: true,
      })),
      chunksRead: [],
      request: { model: "extractive", extractive: true, prompt: "p", sha256: null },
      output: [{ type: "text-delta", text: "The launch code is 4711.\0\ud800" }],
      dropped: { markers: 0, quotes: 0 },
      truncated: [],
      redacted: false,
    };
    await store.answers.save(tenantId, answer, { collectionId, trace, by: testBy });
    expect(await store.answers.get(tenantId, answer.id)).toEqual(answer);
    expect(await store.answers.trace(tenantId, answer.id)).toEqual({
      ...trace,
      output: [{ type: "text-delta", text: "The launch code is 4711.\ufffd\ufffd" }],
    });
    expect(await store.answers.trace((await createTenantAndCollection(store)).tenantId, answer.id)).toBeNull();
    const follow: Answer = { ...answer, id: newId("answer"), text: "Nothing.", citations: [], sources: [] };
    await store.answers.save(tenantId, follow, { collectionId, trace: { ...trace, historyTurns: 1, sources: [], output: [] }, by: testBy });
    const apart = { ...follow, id: newId("answer"), conversationId: await store.conversations.create(tenantId, collectionId, testBy) };
    await store.answers.save(tenantId, apart, { collectionId, trace: { ...trace, historyTurns: 1, sources: [], output: [] }, by: testBy });
    expect(
      await store.answers.saveFeedback(
        tenantId,
        answer.id,
        { author: { type: "key", id: "a" }, rating: "up", comment: "It is 4711." },
        testBy,
      ),
    ).toBe(true);
    const scopeOf = { tenantId, actor: { type: "key" as const, id: newId("key") } };
    await store.idempotency.begin(scopeOf, "k", "h");
    await store.idempotency.complete(scopeOf, "k", { status: 202, body: "{}", documentId: gone.documentId });
    const job = await store.documents.requestDeletion(tenantId, gone.documentId, { actor: { type: "key", id: "key_x" } });
    expect(job).toMatchObject({ kind: "delete", state: "queued" });
    expect(await store.documents.requestDeletion(tenantId, gone.documentId, testBy)).toMatchObject({ id: job?.id });
    expect(await find(scope, "launch code")).toEqual([]);
    expect((await store.chunks.read({ tenantId, chunkIds: gone.chunkIds })).size).toBe(0);
    expect(await store.documents.text(tenantId, gone.documentId)).toBeNull();
    expect(await store.documents.get(tenantId, gone.documentId)).toMatchObject({ state: "deleting" });
    const receipt = await store.documents.erase(tenantId, gone.documentId, testBy);
    expect(receipt).toMatchObject({
      documents: 1,
      versions: 1,
      chunks: 2,
      postings: 2,
      "vectors.fake_64": 2,
      "tokenVectors.fake_64": 2,
      answersRedacted: 1,
      feedbackRedacted: 1,
      blobs: 1,
      idempotencyBodies: 1,
    });
    expect(Object.values(await store.documents.erase(tenantId, gone.documentId, testBy)).every((count) => count === 0)).toBe(true);
    const redacted = await store.answers.get(tenantId, answer.id);
    expect(JSON.stringify(redacted)).not.toContain("4711");
    const traces = await Promise.all([answer, follow].map(({ id }) => store.answers.trace(tenantId, id)));
    expect(JSON.stringify(traces)).not.toMatch(/4711|launch/u);
    expect(traces).toMatchObject([
      { redacted: true, output: [], sources: [{ documentId: kept.documentId }], searches: [{ trace: { fused: [{ score: 0.5 }, {}] } }] },
      { redacted: true },
    ]);
    expect(await store.answers.trace(tenantId, apart.id)).toMatchObject({ redacted: false, searches: [{ asked: "the code 4711" }] });
    expect(redacted?.text.length).toBe(text.length);
    expect(redacted?.text.slice(29)).toBe(text.slice(29));
    expect(redacted?.citations.map(({ marker }) => marker)).toEqual([2]);
    expect(JSON.stringify(await store.conversations.get(tenantId, conversationId))).not.toContain("4711");
    // An answer that was under way meanwhile does not bring it back.
    await expect(
      store.answers.save(tenantId, { ...answer, id: newId("answer") }, { collectionId, trace, by: testBy }),
    ).rejects.toMatchObject({
      code: "conflict",
    });
    expect(await store.documents.get(tenantId, gone.documentId)).toBeNull();
    expect(await find(scope, "office")).toEqual(kept.chunkIds);
    expect(await store.conversations.delete(tenantId, conversationId, testBy)).toBe(true);
    expect(await store.answers.get(tenantId, answer.id)).toBeNull();
  });

  it("keeps a collection's index settings once it holds documents", async () => {
    const { store } = opened;
    const { tenantId } = await createTenantAndCollection(store);
    const changed = testSettings("tiny_8");
    expect(
      await store.collections.put(tenantId, {
        name: "main",
        settings: changed,
        by: { actor: { type: "key", id: "key_x" }, requestId: "r" },
      }),
    ).toMatchObject({ created: false });
    const { collection } = await store.collections.put(tenantId, { name: "second", settings: testSettings(), by: testBy });
    await load({ tenantId, collectionId: collection.id }, "a", ["text"]);
    await expect(store.collections.put(tenantId, { name: "second", settings: changed, by: testBy })).rejects.toMatchObject({
      code: "pipeline_incompatible",
    });
    expect((await store.collections.get(tenantId, "second"))?.documentCount).toBe(1);
    const first = await store.collections.list(tenantId, { limit: 1 });
    const second = await store.collections.list(tenantId, { limit: 1, cursor: first.nextCursor ?? "" });
    expect([...first.data, ...second.data].map(({ name }) => name)).toEqual(["main", "second"]);
    await expect(store.collections.list(tenantId, { cursor: "%%%" })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(store.collections.list(tenantId, { limit: 101 })).rejects.toMatchObject({ code: "invalid_request" });
    expect((await store.collections.list(tenantId, { only: [collection.id] })).data.map(({ id }) => id)).toEqual([collection.id]);
    expect((await store.documents.list(tenantId, collection.id, {})).data.map(({ externalId }) => externalId)).toEqual(["a"]);
  });

  it("authenticates keys of tenants and operators, and pages through tenants", async () => {
    const { store } = opened;
    const { tenantId, collectionId } = await createTenantAndCollection(store);
    const id = newId("key");
    const key = await store.keys.create(
      tenantId,
      { id, name: "k", digest: sha256("s"), scopes: ["read", "ask"], collections: [collectionId] },
      { actor: { type: "operator", id: "op" } },
    );
    expect(key).toMatchObject({ id, scopes: ["read", "ask"], collections: [collectionId], revokedAt: null });
    expect(await store.routing.authenticate(id)).toMatchObject({ keyId: id, tenantId, digest: sha256("s"), collections: [collectionId] });
    await store.routing.touchKey(id);
    expect((await store.keys.list(tenantId, {})).data[0]?.lastUsedAt).toBeInstanceOf(Date);
    expect((await store.keys.revoke(tenantId, id, testBy))?.revokedAt).toBeInstanceOf(Date);
    expect((await store.routing.authenticate(id))?.revokedAt).toBeInstanceOf(Date);
    expect(await store.routing.authenticate(newId("key"))).toBeNull();
    const before = await store.routing.countOperatorKeys();
    const operator = newId("key");
    await store.routing.createOperatorKey({ id: operator, name: "op", digest: sha256("o"), by: testBy });
    expect(await store.routing.countOperatorKeys()).toBe(before + 1);
    expect(await store.routing.authenticate(operator)).toMatchObject({ tenantId: null, scopes: [] });
    expect(await store.routing.getTenant(tenantId)).toMatchObject({ id: tenantId, name: "test" });
    expect(await store.routing.getTenant(newId("tenant"))).toBeNull();
    expect((await store.routing.listTenants({ limit: 1 })).nextCursor).not.toBeNull();
    await expect(store.keys.create(newId("tenant"), { id: newId("key"), name: "k", digest: "", scopes: [] }, testBy)).rejects.toMatchObject(
      {
        code: "not_found",
      },
    );
  });

  it("replays, refuses and frees idempotency keys", async () => {
    const { idempotency } = opened.store;
    const { tenantId } = await createTenantAndCollection(opened.store);
    for (const scope of [
      { tenantId, actor: { type: "key" as const, id: newId("key") } },
      { tenantId: null, actor: { type: "operator" as const, id: newId("key") } },
    ]) {
      expect(await idempotency.begin(scope, "a", "h")).toEqual({ type: "started" });
      expect(await idempotency.begin(scope, "a", "h")).toEqual({ type: "in-progress" });
      expect(await idempotency.begin(scope, "a", "other")).toEqual({ type: "mismatch" });
      await idempotency.complete(scope, "a", { status: 201, body: "body" });
      expect(await idempotency.begin(scope, "a", "h")).toEqual({ type: "replay", status: 201, body: "body" });
      await idempotency.begin(scope, "b", "h");
      await idempotency.abandon(scope, "b");
      expect(await idempotency.begin(scope, "b", "h")).toEqual({ type: "started" });
    }
  });

  it("sums usage and keeps pipelines", async () => {
    const { store } = opened;
    const { tenantId } = await createTenantAndCollection(store);
    const entry = {
      requestId: "r1",
      kind: "answer",
      stage: "embed",
      model: "m",
      inputTokens: 3,
      outputTokens: 0,
      costUsd: "0.0000001",
    } as const;
    await store.usage.record(tenantId, [entry, { ...entry, requestId: "r2", costUsd: "0.0000002" }]);
    await store.usage.record(tenantId, []);
    const range = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 3_600_000) };
    expect(await store.usage.summary(tenantId, range)).toEqual([
      { kind: "answer", stage: "embed", model: "m", inputTokens: 6, outputTokens: 0, costUsd: "0.0000003", requests: 2 },
    ]);
    const { pipeline } = testSettings();
    const put = await store.pipelines.put(tenantId, pipeline, testBy);
    expect(await store.pipelines.put(tenantId, pipeline, testBy)).toEqual(put);
    for (const name of ["default", "hybrid-rrf-rerank", "generated"]) {
      await expect(store.pipelines.put(tenantId, { ...pipeline, name }, testBy)).rejects.toMatchObject({
        code: "invalid_request",
        message: expect.stringContaining(`name ${name} belongs`),
      });
    }
    expect(await store.pipelines.list(tenantId)).toMatchObject([{ ...put, spec: pipeline }]);
    await store.ping();
  });

  it("goes on after a failed statement, and says what failed without the values", async () => {
    await expect(opened.sql.executeSql("select 1/0; select 2")).rejects.toThrow(/division by zero/);
    await opened.store.ping();
    const { tenantId } = await createTenantAndCollection(opened.store);
    const failed = opened.store.documents.put(tenantId, {
      collectionId: (await opened.store.collections.get(tenantId, "main"))?.id ?? newId("collection"),
      externalId: "nul \u0000 inside",
      sha256: sha256("x"),
      sizeBytes: 1,
      mediaType: "text/plain",
      by: testBy,
    });
    await expect(failed).rejects.toThrow(FootnoteError);
    await expect(failed).rejects.not.toThrow(/inside/);
    await opened.store.ping();
  });
});
