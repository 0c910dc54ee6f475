import { expect, it } from "vitest";
import { openPglite } from "./pglite-session.ts";

it("tidies tables that have changed much, and no others", async () => {
  const { session, admin } = await openPglite({});
  try {
    await admin((db) =>
      db.exec(`create table busy (n integer); create table quiet (n integer);
        insert into busy select generate_series(1, 5000); insert into quiet select generate_series(1, 100); delete from busy where n > 1000`),
    );
    await session.tidy?.();
    const rows = await admin(
      async (db) =>
        (
          await db.query<{ relname: string; tuples: number }>(
            "select relname, reltuples::integer as tuples from pg_class where relname in ('busy', 'quiet') order by 1",
          )
        ).rows,
    );
    expect(rows).toEqual([
      { relname: "busy", tuples: 1000 },
      { relname: "quiet", tuples: -1 },
    ]);
  } finally {
    await session.close();
  }
});
