import { describe, expect, it, onTestFinished } from "vitest";
import { createPostgresSession } from "./postgres-session.ts";
import { availableEngines, openTestStore } from "./testing/index.ts";

const engines = await availableEngines();

describe.skipIf(!engines.includes("postgres"))("createPostgresSession", () => {
  it("survives a connection that the server ends in the middle of a transaction, and says what failed", async () => {
    const opened = await openTestStore("postgres");
    onTestFinished(() => opened.close());
    const session = await createPostgresSession({ databaseUrl: opened.database?.databaseUrl ?? "", maxConnections: 1 });
    onTestFinished(() => session.close());
    let runs = 0;
    const work = session.transaction(null, async (tx) => {
      runs++;
      const [row] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
      await opened.superuser("select pg_terminate_backend($1)", [row?.pid]);
      // The connection tells of its end while no statement waits for it.
      await new Promise((resolve) => setTimeout(resolve, 100));
      await tx.query("select 1");
    });
    await expect(work).rejects.toThrow(/connection|database/iu);
    expect(runs).toBeGreaterThan(0);
    expect(await session.transaction(null, (tx) => tx.query("select 1 as one"))).toEqual([{ one: 1 }]);
  });
});
