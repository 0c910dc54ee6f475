import { FootnoteError, newId } from "@footnote/core";
import type { Chunker, Embedder, JobUpdate } from "@footnote/core";
import { createFakeEmbedder, until } from "@footnote/core/testing";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { openWorkbench, paragraphChunker, paragraphParser, testSpec, wordAnalyzer } from "./testing/workbench.ts";
import type { Workbench } from "./testing/workbench.ts";
import { testBy } from "@footnote/storage/testing";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

const never = new AbortController().signal;
const lines = (count: number, word = "line") => Array.from({ length: count }, (_, i) => `${word} number ${i} says ${i * 7}`).join("\n");
const fake = createFakeEmbedder();
const embedderWith = (embed: Embedder["embed"]): Embedder => ({ ...fake, embed });
/** An embedder that goes on until it is told to stop; `begun` resolves at its first call. */
function hangingEmbedder(): { embedder: Embedder; begun: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const embedder = embedderWith(({ signal }) => {
    resolve();
    return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new FootnoteError("cancelled", "stop"))));
  });
  return { embedder, begun: promise };
}

async function chunksOf(
  tenantId: Awaited<ReturnType<Workbench["tenant"]>>["tenantId"],
  documentId: Parameters<Workbench["store"]["documents"]["chunks"]>[1],
) {
  return (await bench.store.documents.chunks(tenantId, documentId, { limit: 100 }))?.data ?? [];
}

it("makes a document searchable, with growing progress", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(20));
  const updates: JobUpdate[] = [];
  onTestFinished(bench.events.subscribe(job.id, (update) => updates.push(update)));
  await bench.runner().handle({ tenantId, jobId: job.id }, never);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({
    state: "succeeded",
    stage: "done",
    progress: 1,
    attempts: 1,
    error: null,
  });
  expect(await bench.store.documents.get(tenantId, job.documentId)).toMatchObject({ state: "ready", versionId: job.versionId });
  expect(await chunksOf(tenantId, job.documentId)).toHaveLength(20);
  expect(updates.map(({ progress }) => progress)).toEqual(updates.map(({ progress }) => progress).sort((a, b) => a - b));
  expect(new Set(updates.map(({ stage }) => stage))).toEqual(new Set(["parse", "chunk", "embed", "index", "publish", "done"]));
});

it("does nothing at a second delivery", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(3));
  const runner = bench.runner();
  const message = { tenantId, jobId: job.id };
  await Promise.all([runner.handle(message, never), runner.handle(message, never)]);
  await runner.handle(message, never);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "succeeded", attempts: 1 });
});

it("embeds unchanged text once", async () => {
  const { tenantId, put } = await bench.tenant();
  const texts: string[] = [];
  const runner = bench.runner({
    embedderFor: () =>
      embedderWith(async (request) => {
        texts.push(...request.texts);
        return await fake.embed(request);
      }),
  });
  const first = await put("a", `${lines(6)}\n${lines(6)}`);
  await runner.handle({ tenantId, jobId: first.id }, never);
  expect(new Set(texts).size).toBe(6);
  texts.length = 0;
  const second = await put("a", `${lines(6)}\nsomething new`);
  await runner.handle({ tenantId, jobId: second.id }, never);
  expect(texts).toEqual(["something new"]);
});

it("leaves a large file's place to others after its slice, and goes on where it was", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(18));
  const texts: string[] = [];
  let requeued = 0;
  const runner = bench.runner({
    sliceMs: 0,
    onRequeue: () => requeued++,
    embedderFor: () =>
      embedderWith(async (request) => {
        texts.push(...request.texts);
        return await fake.embed(request);
      }),
  });
  await bench.store.routing.completeOutbox(
    (await bench.store.routing.claimOutbox({ topics: ["job"], limit: 100, leaseMs: 60_000 })).map(({ id }) => id),
  );
  for (let run = 1; run <= 4; run++) {
    await runner.handle({ tenantId, jobId: job.id }, never);
    expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "queued", attempts: 0, error: null, stage: "embed" });
    const waiting = await bench.store.routing.claimOutbox({ topics: ["job"], limit: 100, leaseMs: 60_000 });
    expect(waiting.filter(({ payload }) => payload.jobId === job.id)).toHaveLength(1);
    expect(texts).toHaveLength(4 * run);
  }
  await runner.handle({ tenantId, jobId: job.id }, never);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "succeeded", attempts: 1 });
  expect(await chunksOf(tenantId, job.documentId)).toHaveLength(18);
  expect([requeued, new Set(texts).size, texts.length]).toEqual([4, 18, 18]);
});

it("never goes back in its progress, over many turns of a document of 5,000 rows", async () => {
  const { tenantId, put } = await bench.tenant();
  const rows = Array.from({ length: 5000 }, (_, i) => `${i},customer ${i * 17},${(i * 31) % 997}.50,open`).join("\n");
  const job = await put("orders.csv", rows);
  const told: number[] = [];
  onTestFinished(bench.events.subscribe(job.id, ({ progress }) => told.push(progress)));
  const read: number[] = [];
  const stages = new Set<string>();
  let turns = 0;
  const runner = bench.runner({ batchSize: 64, sliceMs: 200, heartbeatMs: 5, staleMs: 0, onRequeue: () => (turns += 1) });
  const ended = new AbortController();
  const reading = (async () => {
    while (!ended.signal.aborted) {
      const now = await bench.store.jobs.get(tenantId, job.id);
      read.push(now?.progress ?? -1);
      if (now) stages.add(now.stage);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const state = async () => (await bench.store.jobs.get(tenantId, job.id))?.state;
  do await runner.handle({ tenantId, jobId: job.id }, never);
  while ((await state()) === "queued");
  expect(await state()).toBe("succeeded");
  ended.abort();
  await reading;
  expect(turns).toBeGreaterThan(3);
  expect(stages).toContain("index");
  for (const seen of [told, read]) {
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBeGreaterThan(10);
  }
});

it("goes on in the middle of the lexical index, which it fills after the vectors", async () => {
  const { tenantId, collectionId, put } = await bench.tenant();
  const job = await put("a", lines(450));
  const versionId = job.versionId ?? newId("version");
  const texts: string[] = [];
  let failures = 1;
  const analyzer: typeof wordAnalyzer = {
    ...wordAnalyzer,
    terms: (text) => wordAnalyzer.terms(text),
    analyze(text) {
      texts.push(text);
      if (texts.length > 250 && failures-- > 0) throw new FootnoteError("storage_unavailable", "away");
      return wordAnalyzer.analyze(text);
    },
  };
  const runner = bench.runner({ batchSize: 64, analyzerFor: () => analyzer });
  await runner.handle({ tenantId, jobId: job.id }, never);
  expect(await bench.store.versions.get(tenantId, versionId)).toMatchObject({ state: "embedded" });
  expect(await bench.store.versions.countChunks(tenantId, versionId, null)).toEqual({ total: 450, pending: 250 });
  texts.length = 0;
  // Its backoff is a few milliseconds.
  while ((await bench.store.jobs.get(tenantId, job.id))?.state === "queued") await runner.handle({ tenantId, jobId: job.id }, never);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "succeeded" });
  expect(texts).toHaveLength(250);
  const query = wordAnalyzer.analyze("number 449 says");
  expect(await bench.store.lexical.search({ tenantId, collectionId, query, limit: 1000 })).toHaveLength(450);
});

it("fails for good on a file that cannot be read, and says why", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", "BROKEN");
  await bench.runner().handle({ tenantId, jobId: job.id }, never);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({
    state: "failed",
    stage: "parse",
    attempts: 1,
    error: { code: "document_corrupt", message: "The file is damaged; repair it and put it again." },
  });
  expect(await bench.store.documents.get(tenantId, job.documentId)).toMatchObject({ state: "failed", error: { code: "document_corrupt" } });
});

it("says so when a document holds no text", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", " \n ");
  await bench.runner().handle({ tenantId, jobId: job.id }, never);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "failed", error: { code: "document_has_no_text" } });
});

it("tries again after a passing error, from its checkpoint, and is dead after the last try", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(10));
  let parses = 0;
  let calls = 0;
  const runner = bench.runner({
    parser: {
      ...paragraphParser,
      parse: async (request) => {
        parses++;
        return await paragraphParser.parse(request);
      },
    },
    embedderFor: () =>
      embedderWith(async () => {
        calls++;
        throw new FootnoteError("embedding_failed", "The model is away; try again.");
      }),
  });
  for (let i = 0; i < job.maxAttempts; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await runner.handle({ tenantId, jobId: job.id }, never);
    const now = await bench.store.jobs.get(tenantId, job.id);
    expect(now?.error?.code).toBe("embedding_failed");
    expect(now?.state).toBe(i < job.maxAttempts - 1 ? "queued" : "dead");
  }
  expect([parses, calls]).toEqual([1, job.maxAttempts]);
  await bench.store.jobs.retry(tenantId, job.id, testBy);
  await bench.runner().handle({ tenantId, jobId: job.id }, never);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "succeeded" });
});

it("goes on after a crash where it stopped, with the same chunks", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(30));
  let calls = 0;
  // A worker that stops without a word: its call never returns, its heartbeats end.
  const dying = new AbortController();
  void bench
    .runner({
      heartbeatMs: 1_000_000,
      embedderFor: () =>
        embedderWith(async (request) => {
          if (++calls <= 3) return await fake.embed(request);
          await new Promise(() => {});
          return [];
        }),
    })
    .handle({ tenantId, jobId: job.id }, dying.signal);
  await until(() => calls >= 4);
  expect(await bench.store.jobs.start(tenantId, job.id, { staleMs: 60_000 })).toBeNull();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = new Set(
    (await bench.store.versions.pendingChunks(tenantId, job.versionId ?? newId("version"), "fake_64", 100)).map(({ chunkId }) => chunkId),
  );
  expect(before.size).toBeGreaterThan(0);
  expect(before.size).toBeLessThan(30);
  const embedded: string[] = [];
  await bench
    .runner({
      embedderFor: () =>
        embedderWith(async (request) => {
          embedded.push(...request.texts);
          return await fake.embed(request);
        }),
    })
    .handle({ tenantId, jobId: job.id }, never);
  expect(embedded).toHaveLength(before.size);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "succeeded", attempts: 2 });
  const chunks = await chunksOf(tenantId, job.documentId);
  expect(chunks.map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  expect(chunks.map(({ text }) => text).join("\n")).toBe(lines(30));
});

it("honours a cancel within a second while a stage hangs", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(5));
  const { embedder, begun } = hangingEmbedder();
  const handling = bench
    .runner({
      heartbeatMs: 100_000,
      embedderFor: () => embedder,
    })
    .handle({ tenantId, jobId: job.id }, never);
  await begun;
  await bench.store.jobs.cancel(tenantId, job.id, testBy);
  bench.events.requestCancel(job.id);
  await handling;
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
  expect(await bench.store.versions.get(tenantId, job.versionId ?? newId("version"))).toMatchObject({ state: "cancelled" });
});

it("sees a cancel of another process at a heartbeat", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(5));
  const { embedder, begun } = hangingEmbedder();
  const handling = bench
    .runner({
      embedderFor: () => embedder,
    })
    .handle({ tenantId, jobId: job.id }, never);
  await begun;
  await bench.store.jobs.cancel(tenantId, job.id, testBy);
  await handling;
  expect((await bench.store.jobs.get(tenantId, job.id))?.state).toBe("cancelled");
});

it("stops without a word when another worker has taken the job", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(5));
  let begun = false;
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const handling = bench
    .runner({
      heartbeatMs: 100_000,
      embedderFor: () =>
        embedderWith(async () => {
          begun = true;
          await held;
          throw new FootnoteError("embedding_invalid", "wrong");
        }),
    })
    .handle({ tenantId, jobId: job.id }, never);
  await until(() => begun);
  const take = () => bench.store.jobs.start(tenantId, job.id, { staleMs: 300 });
  let taken = await take();
  while (taken === null) taken = await take();
  expect(taken.job.attempts).toBe(2);
  release();
  await handling;
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "running", error: null });
});

it("gives a job back when its worker is stopped", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(5));
  const stop = new AbortController();
  const { embedder, begun } = hangingEmbedder();
  const handling = bench
    .runner({
      embedderFor: () => embedder,
    })
    .handle({ tenantId, jobId: job.id }, stop.signal);
  await begun;
  stop.abort();
  await handling;
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "queued", error: { code: "shutting_down" } });
  await bench.runner().handle({ tenantId, jobId: job.id }, never);
  expect((await bench.store.jobs.get(tenantId, job.id))?.state).toBe("succeeded");
});

it("refuses an embedder that leaves a row out", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(5));
  await bench
    .runner({ embedderFor: () => embedderWith(async (request) => (await fake.embed(request)).slice(1)) })
    .handle({ tenantId, jobId: job.id }, never);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "failed", error: { code: "embedding_invalid" } });
  expect(await chunksOf(tenantId, job.documentId)).toEqual([]);
});

it("says which embedder is missing", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(2));
  await bench.runner({ embedderFor: () => undefined }).handle({ tenantId, jobId: job.id }, never);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "failed", error: { code: "configuration_invalid" } });
});

it("erases a document and keeps the receipt", async () => {
  const { tenantId, put } = await bench.tenant();
  const job = await put("a", lines(4));
  await bench.runner().handle({ tenantId, jobId: job.id }, never);
  const deletion = await bench.store.documents.requestDeletion(tenantId, job.documentId, testBy);
  if (!deletion) throw new Error("no deletion job");
  await bench.runner().handle({ tenantId, jobId: deletion.id }, never);
  const done = await bench.store.jobs.get(tenantId, deletion.id);
  expect(done).toMatchObject({ state: "succeeded", kind: "delete" });
  expect(done?.result?.chunks).toBe(4);
  expect(await bench.store.documents.get(tenantId, job.documentId)).toBeNull();
});

it("embeds what a chunker compares, puts the opening before each chunk, and fills every space before the version is live", async () => {
  const pipeline = {
    ...testSpec,
    index: { ...testSpec.index, furtherSpaces: ["fake_32"], context: { title: false, headingPath: false, opening: true } },
  };
  const { tenantId, collectionId, put } = await bench.tenant(pipeline);
  const job = await put("a", "It is about coffee.\nline one\nline two\nline three");
  const small = createFakeEmbedder({ id: "fake_32", dimensions: 32 });
  const embedded: string[][] = [[], []];
  const watched = (embedder: Embedder, at: number): Embedder => ({
    ...embedder,
    async embed(request) {
      embedded[at]?.push(...request.texts);
      return await embedder.embed(request);
    },
  });
  const seen: number[] = [];
  const comparing: Chunker = {
    strategy: "structure",
    *textsToEmbed({ document }) {
      yield;
      return document.text.split("\n");
    },
    chunk(request) {
      seen.push(request.vectors?.length ?? 0);
      return paragraphChunker.chunk(request);
    },
  };
  const [first, second] = [watched(fake, 0), watched(small, 1)];
  const parser: typeof paragraphParser = {
    ...paragraphParser,
    async parse(request) {
      const parsed = await paragraphParser.parse(request);
      return { ...parsed, blocks: [{ kind: "paragraph", start: 0, end: parsed.text.indexOf("\n"), headingPath: [] }] };
    },
  };
  const runner = bench.runner({
    parser,
    chunkerFor: () => comparing,
    embedderFor: (space) => [first, second].find((one) => one.space.id === space),
  });
  await runner.handle({ tenantId, jobId: job.id }, never);
  expect(await bench.store.jobs.get(tenantId, job.id)).toMatchObject({ state: "succeeded" });
  expect(seen).toEqual([4]);
  const inputs = ["It is about coffee.", ...["one", "two", "three"].map((word) => `It is about coffee.\nline ${word}`)];
  expect(embedded[0]).toEqual(["It is about coffee.", "line one", "line two", "line three", ...inputs]);
  expect(embedded[1]).toEqual(inputs);
  const chunks = await chunksOf(tenantId, job.documentId);
  for (const { id: space, dimensions } of [fake.space, small.space]) {
    const [asked] = await (space === "fake_32" ? small : fake).embed({ texts: ["two"], purpose: "query" });
    const found = await bench.store.dense.search({
      tenantId,
      collectionId,
      space,
      vector: asked?.vector ?? new Float32Array(dimensions),
      limit: 10,
    });
    expect(found.map(({ chunkId }) => chunkId).toSorted()).toEqual(chunks.map(({ id }) => id).toSorted());
  }
});

/** A run over one question, with its job. */
async function evaluation() {
  const { tenantId, collectionId } = await bench.tenant();
  const one = { id: "a", split: "test", documents: [], sha256: "x", body: { id: "a" } };
  await bench.store.evaluations.putDataset(tenantId, { name: "set", collectionId, cases: [one], by: testBy });
  const request = { dataset: "set", split: "test", pipeline: "default", pipelineHash: "h", keyId: newId("key") };
  const made = await bench.store.evaluations.createRun(tenantId, { ...request, by: testBy });
  return { tenantId, jobId: made.job.id, runId: made.run.id, job: () => bench.store.jobs.get(tenantId, made.job.id) };
}

it("works on an evaluation in turns, with its progress, until it is done", async () => {
  const { tenantId, jobId, runId, job } = await evaluation();
  const updates: JobUpdate[] = [];
  onTestFinished(bench.events.subscribe(jobId, (update) => updates.push(update)));
  const outcomes = ["more", "done"] as const;
  let requeued = 0;
  let tries = 0;
  const over: boolean[] = [];
  const runner = bench.runner({
    // Longer than it takes to begin, however busy the machine is.
    sliceMs: 1_000,
    heartbeatMs: 5,
    onRequeue: () => (requeued += 1),
    async evaluate(work) {
      expect(work).toMatchObject({ tenantId, runId });
      over.push(work.isOver());
      await until(() => work.isOver());
      over.push(work.isOver());
      await work.progress(0.5);
      const isKept = async () => (await job())?.progress === 0.495;
      await until(isKept);
      return outcomes[tries++] ?? "done";
    },
  });
  await runner.handle({ tenantId, jobId }, never);
  expect(await job()).toMatchObject({ state: "queued", attempts: 0, error: null });
  await runner.handle({ tenantId, jobId }, never);
  expect(await job()).toMatchObject({ state: "succeeded", progress: 1, kind: "evaluate", runId, documentId: null });
  expect([requeued, over]).toEqual([1, [false, true, false, true]]);
  expect(updates).toContainEqual({ jobId, state: "running", stage: "evaluate", progress: 0.495 });
  const shares = updates.map(({ progress }) => progress);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
});

it("fails an evaluation where no worker runs them, and cancels one that goes on", async () => {
  const lost = await evaluation();
  await bench.runner().handle({ tenantId: lost.tenantId, jobId: lost.jobId }, never);
  expect(await lost.job()).toMatchObject({ state: "failed", error: { code: "configuration_invalid" } });
  const { tenantId, jobId, job } = await evaluation();
  const runner = bench.runner({
    evaluate: ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  const handled = runner.handle({ tenantId, jobId }, never);
  await until(async () => (await job())?.state === "running");
  await bench.store.jobs.cancel(tenantId, jobId, testBy);
  await handled;
  expect(await job()).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
});

it("gives up a job that was interrupted too often, whatever it is about, with a code that says so", async () => {
  const { tenantId, jobId, job } = await evaluation();
  for (let start = 0; start < 200; start++) {
    expect(await bench.store.jobs.start(tenantId, jobId, { staleMs: 0 })).not.toBeNull();
  }
  let worked = false;
  const runner = bench.runner({
    staleMs: 0,
    async evaluate() {
      worked = true;
      return "done";
    },
  });
  await runner.handle({ tenantId, jobId }, never);
  expect(await job()).toMatchObject({ state: "dead", attempts: 201, error: { code: "job_interrupted" } });
  expect(worked).toBe(false);
});
