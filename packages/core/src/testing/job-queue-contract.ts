import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FootnoteError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { JobId, TenantId } from "../ids.ts";
import type { JobQueue, QueueMessage, Worker } from "../ports/job-queue.ts";

export interface JobQueueFixture {
  queue: JobQueue;
  /** Another queue object over the same deliveries, as another process would have it. */
  another(): Promise<JobQueue>;
  /** Deliveries of this test's messages that were given up. */
  dead(): Promise<JobId[]>;
  close(): Promise<void>;
}

async function until(condition: () => boolean | Promise<boolean>, what: string, ms = 15_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What every JobQueue does. The fixture's backoff must stay below 200 ms, its maxAttempts be 3, its lease ≤ 2 s, its poll ≤ 200 ms. */
export function describeJobQueue(name: string, create: () => Promise<JobQueueFixture>): void {
  describe(`JobQueue contract: ${name}`, () => {
    let fixture: JobQueueFixture;
    let workers: Worker[] = [];
    let tenantId: TenantId;
    const message = (tenant = tenantId) => ({ tenantId: tenant, jobId: newId("job") });

    beforeEach(async () => {
      fixture = await create();
      workers = [];
      tenantId = newId("tenant");
    });
    afterEach(async () => {
      await Promise.all(workers.map((worker) => worker.stop({ graceMs: 0 })));
      await fixture.close();
    });
    async function work(
      handle: (message: QueueMessage, signal: AbortSignal) => Promise<void>,
      options: { queue?: JobQueue; concurrency?: number } = {},
    ): Promise<Worker> {
      const worker = await (options.queue ?? fixture.queue).work({ concurrency: options.concurrency ?? 2, handle });
      workers.push(worker);
      return worker;
    }

    it("delivers what was enqueued, with its ids and attempt 1", async () => {
      const seen: QueueMessage[] = [];
      const sent = [message(), message(newId("tenant"))];
      await fixture.queue.enqueue(sent);
      await work(async (delivered) => void seen.push(delivered));
      await until(() => seen.length === 2, "both arrived");
      expect(seen.map(({ jobId }) => jobId).sort()).toEqual(sent.map(({ jobId }) => jobId).sort());
      expect(seen.every(({ attempt }) => attempt === 1)).toBe(true);
      expect(seen.find(({ jobId }) => jobId === sent[1]?.jobId)?.tenantId).toBe(sent[1]?.tenantId);
    });

    it("does not add a job twice that is waiting already", async () => {
      const one = message();
      await fixture.queue.enqueue([one, one]);
      await fixture.queue.enqueue([one]);
      const seen: JobId[] = [];
      await work(async ({ jobId }) => void seen.push(jobId));
      const other = message();
      await fixture.queue.enqueue([other]);
      await until(() => seen.includes(other.jobId), "the later one arrived");
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(seen.filter((jobId) => jobId === one.jobId)).toHaveLength(1);
    });

    it("takes a job again that was handled before", async () => {
      const one = message();
      let count = 0;
      await work(async () => void count++);
      await fixture.queue.enqueue([one]);
      await until(() => count === 1, "it was handled");
      await until(async () => {
        await fixture.queue.enqueue([one]);
        return count >= 2;
      }, "it was handled again");
      expect(count).toBeGreaterThanOrEqual(2);
    });

    it("keeps a delayed message back", async () => {
      const began = Date.now();
      const at: number[] = [];
      await fixture.queue.enqueue([{ ...message(), delayMs: 600 }]);
      await work(async () => void at.push(Date.now() - began));
      await until(() => at.length === 1, "it arrived");
      expect(at[0]).toBeGreaterThanOrEqual(550);
    });

    it("delivers again after a retryable error, and not after another", async () => {
      const retried = message();
      const broken = message();
      const attempts: number[] = [];
      let brokenCount = 0;
      await work(async ({ jobId, attempt }) => {
        if (jobId === broken.jobId) {
          brokenCount++;
          throw new FootnoteError("document_corrupt", "broken");
        }
        attempts.push(attempt);
        if (attempt < 3) throw new FootnoteError("storage_unavailable", "away");
      });
      await fixture.queue.enqueue([retried, broken]);
      await until(() => attempts.length === 3, "the third attempt");
      await until(async () => (await fixture.dead()).includes(broken.jobId), "the broken one is dead");
      expect(attempts).toEqual([1, 2, 3]);
      expect(brokenCount).toBe(1);
      expect(await fixture.dead()).not.toContain(retried.jobId);
    });

    it("gives up after the last attempt", async () => {
      const one = message();
      let count = 0;
      await work(async () => {
        count++;
        throw new FootnoteError("timeout", "late");
      });
      await fixture.queue.enqueue([one]);
      await until(async () => (await fixture.dead()).includes(one.jobId), "it is dead");
      expect(count).toBe(3);
    });

    it("runs no more at once than it may", async () => {
      let now = 0;
      let most = 0;
      let done = 0;
      await work(
        async () => {
          most = Math.max(most, ++now);
          await new Promise((resolve) => setTimeout(resolve, 60));
          now--;
          done++;
        },
        { concurrency: 2 },
      );
      await fixture.queue.enqueue(Array.from({ length: 8 }, () => message()));
      await until(() => done === 8, "all are done");
      expect(most).toBe(2);
    });

    it("gives every waiting tenant a turn", async () => {
      const busy = newId("tenant");
      const quiet = newId("tenant");
      await fixture.queue.enqueue(Array.from({ length: 12 }, () => message(busy)));
      await fixture.queue.enqueue([message(quiet), message(quiet)]);
      const order: TenantId[] = [];
      await work(async (delivered) => void order.push(delivered.tenantId), { concurrency: 1 });
      await until(() => order.length === 14, "all are done");
      expect(order.slice(0, 4).filter((tenant) => tenant === quiet)).toHaveLength(2);
    });

    it("never gives one delivery to two workers", async () => {
      const other = await fixture.another();
      const seen: JobId[] = [];
      const handle = async ({ jobId }: QueueMessage) => {
        seen.push(jobId);
        await new Promise((resolve) => setTimeout(resolve, 5));
      };
      const sent = Array.from({ length: 30 }, () => message());
      await fixture.queue.enqueue(sent);
      await work(handle, { concurrency: 3 });
      await work(handle, { concurrency: 3, queue: other });
      await until(() => seen.length >= 30, "all arrived");
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(seen.sort()).toEqual(sent.map(({ jobId }) => jobId).sort());
      await other.close();
    });

    it("delivers again what a stopped worker did not finish, and tells the handler to stop", async () => {
      const one = message();
      let aborted = false;
      const first = await work(
        (_message, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              aborted = true;
              reject(new FootnoteError("cancelled", "stopped"));
            });
          }),
      );
      await fixture.queue.enqueue([one]);
      fixture.queue.wake();
      await new Promise((resolve) => setTimeout(resolve, 500));
      await first.stop({ graceMs: 50 });
      expect(aborted).toBe(true);
      const seen: QueueMessage[] = [];
      await work(async (delivered) => void seen.push(delivered));
      await until(() => seen.length === 1, "it was delivered again");
      expect(seen[0]?.jobId).toBe(one.jobId);
    });

    it("lets a running job end within the grace, and takes no new one", async () => {
      let ended = 0;
      const worker = await work(
        async () => {
          await new Promise((resolve) => setTimeout(resolve, 400));
          ended++;
        },
        { concurrency: 1 },
      );
      await fixture.queue.enqueue([message(), message()]);
      fixture.queue.wake();
      await new Promise((resolve) => setTimeout(resolve, 250));
      await worker.stop({ graceMs: 5000 });
      expect(ended).toBe(1);
    });

    it("wakes at once", async () => {
      const at: number[] = [];
      await work(async () => void at.push(Date.now()));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await fixture.queue.enqueue([message()]);
      fixture.queue.wake();
      await until(() => at.length === 1, "it arrived");
      expect(at).toHaveLength(1);
    });
  });
}
