import { newId } from "@footnote/core";
import type { JobId } from "@footnote/core";
import { createSilentTelemetry } from "@footnote/core/testing";
import { describeJobQueue } from "@footnote/core/testing/job-queue-contract";
import { availableEngines, openTestStore } from "@footnote/storage/testing";
import type { TestStore } from "@footnote/storage/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPgBossQueue } from "./pg-boss.ts";
import { pgBossSchema } from "./pg-boss-schema.ts";
import { createSystemClock } from "./system-clock.ts";

describe.each(await availableEngines())("on %s", (engine) => {
  let opened: TestStore;

  beforeAll(async () => {
    opened = await openTestStore(engine, { spaces: [], extraSchemas: [pgBossSchema()] });
  });
  afterAll(() => opened.close());

  const open = () =>
    createPgBossQueue({
      sql: opened.sql,
      clock: createSystemClock(),
      telemetry: createSilentTelemetry(),
      pollMs: 100,
      leaseMs: 2000,
      maxAttempts: 3,
      backoff: { baseMs: 40, maxMs: 100 },
    });

  describeJobQueue(`pg-boss on ${engine}`, async () => {
    await opened.sql.executeSql("delete from pgboss.job");
    const queue = await open();
    return {
      queue,
      another: open,
      async dead() {
        const { rows } = await opened.sql.executeSql("select data->>'jobId' as id from pgboss.job where name = 'footnote_dead'");
        return rows.map((row) => String(row.id) as JobId);
      },
      close: () => queue.close(),
    };
  });

  describe("createPgBossQueue", () => {
    it("gives a delivery of a killed worker to another one", async () => {
      await opened.sql.executeSql("delete from pgboss.job");
      const dead = await open();
      const message = { tenantId: newId("tenant"), jobId: newId("job") };
      await dead.enqueue([message]);
      // What a killed process leaves: an active row whose worker is silent.
      await opened.sql.executeSql("update pgboss.job set state = 'active', started_on = now() - interval '1 minute'");
      const queue = await open();
      const seen = new Promise<number>((resolve) => {
        void queue.work({ concurrency: 1, handle: async ({ attempt }) => resolve(attempt) });
      });
      expect(await seen).toBe(2);
      await Promise.all([queue.close(), dead.close()]);
    });

    it("leaves nothing behind of what was done", async () => {
      await opened.sql.executeSql("delete from pgboss.job");
      const queue = await open();
      let done = 0;
      await queue.work({ concurrency: 2, handle: async () => void done++ });
      await queue.enqueue(Array.from({ length: 5 }, () => ({ tenantId: newId("tenant"), jobId: newId("job") })));
      queue.wake();
      const rows = async () => (await opened.sql.executeSql("select id from pgboss.job")).rows.length;
      for (let i = 0; i < 100; i++) {
        if (done === 5 && (await rows()) === 0) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect([done, await rows()]).toEqual([5, 0]);
      await queue.close();
    });
  });
});
