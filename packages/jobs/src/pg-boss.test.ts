import { newId } from "@footnote/core";
import { createSilentTelemetry, until } from "@footnote/core/testing";
import { describeJobQueue } from "@footnote/core/testing/job-queue-contract";
import { migrate } from "@footnote/storage";
import { availableEngines, openTestStore, testAppRole } from "@footnote/storage/testing";
import type { TestStore } from "@footnote/storage/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createPgBossQueue } from "./pg-boss.ts";
import { pgBossSchemas } from "./pg-boss-schema.ts";

describe.each(await availableEngines())("on %s", (engine) => {
  let opened: TestStore;

  beforeAll(async () => {
    opened = await openTestStore(engine, { spaces: [], extraSchemas: pgBossSchemas() });
  });
  afterAll(() => opened.close());

  const open = () => createPgBossQueue({ sql: opened.sql, telemetry: createSilentTelemetry(), pollMs: 100 });

  describeJobQueue(`pg-boss on ${engine}`, async () => {
    await opened.sql.executeSql("delete from pgboss.job");
    const queue = await open();
    return {
      queue,
      another: open,
      close: () => queue.close(),
    };
  });

  describe("createPgBossQueue", () => {
    it.runIf(engine === "postgres")("takes over what waits in a schema of an earlier version, and leaves its dead letters", async () => {
      const [first] = pgBossSchemas();
      const earlier = await openTestStore("postgres", { spaces: [], extraSchemas: first ? [first] : [] });
      onTestFinished(() => earlier.close());
      const sent = { tenantId: newId("tenant"), jobId: newId("job") };
      expect(await earlier.superuser("select 1 as there from pgboss.queue where name = 'footnote_dead'")).toHaveLength(1);
      const old = await createPgBossQueue({ sql: earlier.sql, telemetry: createSilentTelemetry() });
      await old.enqueue([sent]);
      await old.close();
      await earlier.superuser("update pgboss.job set dead_letter = 'footnote_dead', state = 'retry'");
      await migrate({ adminUrl: earlier.database?.adminUrl ?? "", appRole: testAppRole, spaces: [], extraSchemas: pgBossSchemas() });
      expect(await earlier.superuser("select 1 as there from pgboss.queue where name = 'footnote_dead'")).toEqual([]);
      const queue = await createPgBossQueue({ sql: earlier.sql, telemetry: createSilentTelemetry(), pollMs: 50 });
      const seen = await new Promise<unknown>((resolve) => {
        void queue.work({ concurrency: 1, handle: async (message) => resolve(message) });
      });
      expect(seen).toEqual(sent);
      await queue.close();
    });

    it("leaves nothing behind of what was done", async () => {
      await opened.sql.executeSql("delete from pgboss.job");
      const queue = await open();
      let done = 0;
      await queue.work({ concurrency: 2, handle: async () => void done++ });
      await queue.enqueue(Array.from({ length: 5 }, () => ({ tenantId: newId("tenant"), jobId: newId("job") })));
      queue.wake();
      const rows = async () => (await opened.sql.executeSql("select id from pgboss.job")).rows.length;
      await until(async () => done === 5 && (await rows()) === 0);
      expect([done, await rows()]).toEqual([5, 0]);
      await queue.close();
    });
  });
});
