import { createSystemClock, FootnoteError } from "@footnote/core";
import type { JobId, JobQueue, JobRecord, TenantId } from "@footnote/core";
import { createSilentTelemetry, until } from "@footnote/core/testing";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { createIndexMaintenance } from "./index-maintenance.ts";
import { createJobTopic } from "./job-topic.ts";
import { createOutboxDispatcher } from "./outbox-dispatcher.ts";
import type { OutboxDispatcherOptions, OutboxTopic } from "./outbox-dispatcher.ts";
import { openWorkbench } from "./testing/workbench.ts";
import type { Workbench } from "./testing/workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

/** A queue that only remembers. */
function recordingQueue(enqueue?: JobQueue["enqueue"]) {
  const sent: { tenantId: TenantId; jobId: JobId; delayMs?: number }[] = [];
  let woken = 0;
  const queue: JobQueue = {
    name: "recording",
    enqueue: async (messages) => {
      await enqueue?.(messages);
      sent.push(...messages);
    },
    work: async () => ({ stop: async () => {} }),
    wake: () => void woken++,
    close: async () => {},
  };
  return { queue, sent, woken: () => woken };
}

async function dispatcher(queue: JobQueue, options: Partial<OutboxDispatcherOptions> = {}) {
  const clock = createSystemClock();
  const telemetry = createSilentTelemetry();
  const made = createOutboxDispatcher({
    store: bench.store,
    topics: new Map([["job", createJobTopic({ store: bench.store, queue, clock, telemetry })]]),
    clock,
    telemetry,
    pollMs: 60_000,
    staleMs: 3_600_000,
    ...options,
  });
  await made.start();
  onTestFinished(() => made.stop());
  return made;
}

it("carries a job to the queue when it is woken, once", async () => {
  const { queue, sent, woken } = recordingQueue();
  const outbox = await dispatcher(queue);
  const { put, tenantId } = await bench.tenant();
  const job = await put("a", "text");
  outbox.wake();
  await until(() => sent.length > 0);
  outbox.wake();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(sent).toEqual([{ tenantId, jobId: job.id }]);
  expect(woken()).toBeGreaterThan(0);
});

it("finds jobs of other processes by polling", async () => {
  const { queue, sent } = recordingQueue();
  await dispatcher(queue, { pollMs: 50 });
  const { put } = await bench.tenant();
  const job = await put("a", "text");
  await until(() => sent.some(({ jobId }) => jobId === job.id));
  expect(sent.filter(({ jobId }) => jobId === job.id)).toHaveLength(1);
});

it("leaves a row for the next try when the queue refuses", async () => {
  let refusals = 0;
  const { queue, sent } = recordingQueue(async () => {
    if (++refusals < 3) throw new FootnoteError("queue_failed", "away");
  });
  const { put } = await bench.tenant();
  const job = await put("a", "text");
  await dispatcher(queue, { pollMs: 20, leaseMs: 50 });
  await until(() => sent.some(({ jobId }) => jobId === job.id));
  expect(refusals).toBeGreaterThanOrEqual(3);
});

it("keeps the rows of a topic that refuses, delivers those of others, and leaves those that it does not know", async () => {
  const { tenantId } = await bench.tenant();
  const insert = "insert into outbox (tenant_id, topic, payload) select $1, unnest(array['a', 'b', 'c']), '{\"id\":\"x\"}'";
  await bench.superuser(insert, [tenantId]);
  const { queue } = recordingQueue();
  const seen: string[] = [];
  let refusals = 0;
  const refusing: OutboxTopic = {
    async deliver(rows) {
      if (++refusals < 3) throw new FootnoteError("upstream_failed", "away");
      seen.push(...rows.map(({ topic, payload }) => `${topic} ${payload.id}`));
    },
  };
  const taking: OutboxTopic = { deliver: async (rows) => void seen.push(...rows.map(({ topic }) => topic)) };
  const topics = new Map([
    ["a", refusing],
    ["b", taking],
  ]);
  // A lease that outlives a slow delivery: what was delivered comes once.
  await dispatcher(queue, { topics, pollMs: 20, leaseMs: 1_000 });
  await until(() => seen.length === 2);
  expect([seen, refusals]).toEqual([["b", "a x"], 3]);
  await until(async () => (await bench.superuser("select topic from outbox where topic in ('a', 'b')")).length === 0);
  expect(await bench.superuser("select topic from outbox where topic = 'c'")).toEqual([{ topic: "c" }]);
});

it("moves more jobs than fit one claim", async () => {
  const { queue, sent } = recordingQueue();
  const { put } = await bench.tenant();
  const jobs: JobRecord[] = [];
  for (let i = 0; i < 7; i++) jobs.push(await put(`d${i}`, "text"));
  await dispatcher(queue, { batchSize: 2 });
  await until(() => jobs.every(({ id }) => sent.some(({ jobId }) => jobId === id)));
  expect(new Set(sent.map(({ jobId }) => jobId)).size).toBe(sent.length);
});

it("recovers what a crash left running, at start", async () => {
  const { queue, sent } = recordingQueue();
  const { put, tenantId } = await bench.tenant();
  const job = await put("a", "text");
  const rows = await bench.store.routing.claimOutbox({ topics: ["job"], limit: 100, leaseMs: 60_000 });
  await bench.store.routing.completeOutbox(rows.map(({ id }) => id));
  await bench.store.jobs.start(tenantId, job.id, { staleMs: 0 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await dispatcher(queue, { staleAtStartMs: 0 });
  expect(sent.some(({ jobId }) => jobId === job.id)).toBe(true);
});

it("delivers again what a worker took and never started", async () => {
  const { queue, sent } = recordingQueue();
  const { put, tenantId } = await bench.tenant();
  const job = await put("a", "text");
  const rows = await bench.store.routing.claimOutbox({ topics: ["job"], limit: 100, leaseMs: 60_000 });
  await bench.store.routing.completeOutbox(rows.map(({ id }) => id));
  await dispatcher(queue, { staleMs: 0, staleAtStartMs: 3_600_000, recoverEveryMs: 0, pollMs: 20 });
  await until(() => sent.some(({ jobId }) => jobId === job.id));
  expect((await bench.store.jobs.get(tenantId, job.id))?.state).toBe("queued");
});

it("folds statistics of tenants with work", async () => {
  const { put, tenantId } = await bench.tenant();
  const job = await put("a", "one two three\nfour five");
  await bench.runner().handle({ tenantId, jobId: job.id }, new AbortController().signal);
  const maintenance = createIndexMaintenance({
    store: bench.store,
    clock: createSystemClock(),
    telemetry: createSilentTelemetry(),
    everyMs: 20,
  });
  expect(await bench.store.routing.tenantsWithIndexWork(100)).toContain(tenantId);
  expect(await maintenance.runOnce()).toBeGreaterThan(0);
  expect(await bench.store.routing.tenantsWithIndexWork(100)).not.toContain(tenantId);
  const second = await put("b", "six seven");
  await bench.runner().handle({ tenantId, jobId: second.id }, new AbortController().signal);
  maintenance.start();
  await until(async () => !(await bench.store.routing.tenantsWithIndexWork(100)).includes(tenantId));
  await maintenance.stop();
  expect(await bench.store.routing.tenantsWithIndexWork(100)).not.toContain(tenantId);
});
