import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FootnoteError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { JobId, TenantId } from "../ids.ts";
import type { JobQueue, QueueMessage, Worker } from "../ports/job-queue.ts";
import { until } from "./until.ts";

export interface JobQueueFixture {
  queue: JobQueue;
  /** Another queue object over the same deliveries, as another process would have it. */
  another(): Promise<JobQueue>;
  close(): Promise<void>;
}

/** What every JobQueue does. The fixture's poll must stay ≤ 200 ms. */
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

    it("delivers what was enqueued, with its ids and nothing else", async () => {
      const seen: QueueMessage[] = [];
      const sent = [message(), message(newId("tenant"))];
      await fixture.queue.enqueue(sent);
      await work(async (delivered) => void seen.push(delivered));
      await until(() => seen.length === 2, "both arrived");
      expect(seen.map(({ jobId }) => jobId).sort()).toEqual(sent.map(({ jobId }) => jobId).sort());
      for (const delivered of seen) expect(Object.keys(delivered).sort()).toEqual(["jobId", "tenantId"]);
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

    it("delivers once what its handler fails at, whatever the error says, and goes on with the rest", async () => {
      const failing = [message(), message()];
      const seen: JobId[] = [];
      await work(async ({ jobId }) => {
        seen.push(jobId);
        if (jobId === failing[0]?.jobId) throw new FootnoteError("storage_unavailable", "away");
        if (jobId === failing[1]?.jobId) throw new FootnoteError("document_corrupt", "broken");
      });
      await fixture.queue.enqueue(failing);
      await until(() => seen.length === 2, "both were tried");
      const last = message();
      await fixture.queue.enqueue([last]);
      await until(() => seen.includes(last.jobId), "the next one arrived");
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(seen.toSorted()).toEqual([...failing, last].map(({ jobId }) => jobId).toSorted());
      // Whoever finds the job left behind delivers it again.
      await fixture.queue.enqueue(failing);
      await until(() => seen.length === 5, "both came again");
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

    it("tells the handler of a stopped worker to stop, waits for its end, and takes the id again", async () => {
      const one = message();
      const events: string[] = [];
      const first = await work(
        (_message, signal) =>
          new Promise((resolve) => {
            events.push("began");
            signal.addEventListener("abort", () => {
              events.push("aborted");
              setTimeout(() => {
                events.push("ended");
                resolve();
              }, 50);
            });
          }),
      );
      await fixture.queue.enqueue([one]);
      fixture.queue.wake();
      await until(() => events.length > 0, "it began");
      await first.stop({ graceMs: 50 });
      expect(events).toEqual(["began", "aborted", "ended"]);
      const seen: QueueMessage[] = [];
      await fixture.queue.enqueue([one]);
      await work(async (delivered) => void seen.push(delivered));
      await until(() => seen.length === 1, "it was delivered again");
      expect(seen[0]?.jobId).toBe(one.jobId);
    });

    it("leaves what waits to the next worker when one stops", async () => {
      const sent = Array.from({ length: 4 }, () => message());
      const seen: JobId[] = [];
      let release: () => void = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      const first = await work(
        async ({ jobId }) => {
          seen.push(jobId);
          await held;
        },
        { concurrency: 1 },
      );
      await fixture.queue.enqueue(sent);
      await until(() => seen.length === 1, "the first one began");
      const stopped = first.stop({ graceMs: 60_000 });
      release();
      await stopped;
      expect(seen).toHaveLength(1);
      await work(async ({ jobId }) => void seen.push(jobId), { queue: await fixture.another() });
      await until(() => seen.length === 4, "the others arrived");
      expect(seen.toSorted()).toEqual(sent.map(({ jobId }) => jobId).toSorted());
    });

    it("lets a running job end within the grace", async () => {
      let began = false;
      let release: () => void = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      let ended: string | undefined;
      const worker = await work(async (_message, signal) => {
        began = true;
        await held;
        ended = signal.aborted ? "aborted" : "in peace";
      });
      await fixture.queue.enqueue([message()]);
      fixture.queue.wake();
      await until(() => began, "it began");
      const stopped = worker.stop({ graceMs: 60_000 });
      release();
      await stopped;
      expect(ended).toBe("in peace");
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
