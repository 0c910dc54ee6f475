import { readdir, readFile } from "node:fs/promises";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import { beforeAll, expect, test } from "vitest";
import { migrationsFolder, readMigrations } from "./migrate.ts";
import * as answers from "./schema/answers.ts";
import * as documents from "./schema/documents.ts";
import * as evaluations from "./schema/evaluations.ts";
import * as lexical from "./schema/lexical.ts";
import * as tenancy from "./schema/tenancy.ts";
import * as work from "./schema/work.ts";
import { openTestStore, type TestStore } from "./testing/test-store.ts";

const schema = { ...answers, ...documents, ...evaluations, ...lexical, ...tenancy, ...work };
let ofSchema: string[];
let ofMigrations: string[];

beforeAll(async () => {
  const opened = await openTestStore("pglite");
  ofMigrations = await describeTables(opened, "public");
  await opened.superuser("create schema made");
  await opened.superuser("set search_path to made");
  for (const statement of await generateMigration(generateDrizzleJson({}), generateDrizzleJson(schema))) await opened.superuser(statement);
  await opened.superuser("reset search_path");
  ofSchema = await describeTables(opened, "made");
  await opened.close();
}, 60_000);

test("the migrations make the tables of the schema: columns, types, defaults, keys and indexes", () => {
  expect(ofMigrations.filter((line) => !ofSchema.includes(line))).toEqual([]);
  expect(ofSchema.filter((line) => !ofMigrations.includes(line))).toEqual([]);
  expect(ofSchema.length).toBeGreaterThan(200);
});

test("drizzle-kit generate knows every migration and has nothing to add", async () => {
  const meta = new URL("meta/", migrationsFolder);
  const journal: { entries: { tag: string }[] } = JSON.parse(await readFile(new URL("_journal.json", meta), "utf8"));
  expect(journal.entries.map(({ tag }) => tag)).toEqual((await readMigrations()).map(({ name }) => name));
  const snapshots = (await readdir(meta)).filter((name) => name.endsWith("_snapshot.json")).sort();
  const last = JSON.parse(await readFile(new URL(snapshots.at(-1) ?? "", meta), "utf8"));
  expect(await generateMigration(last, generateDrizzleJson(schema))).toEqual([]);
});

/** What the catalogue says of the tables in a namespace, a line each; tables of embedding spaces are made by the code that adds a space. */
async function describeTables(opened: TestStore, namespace: string): Promise<string[]> {
  const rows = await opened.superuser(
    `with tables as (select oid, relname from pg_class where relkind = 'r' and relnamespace = $1::regnamespace
       and relname <> 'footnote_migrations' and relname !~ '^(dense|tokens)_')
     select concat_ws(' ', 'column', t.relname, a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
       nullif(a.attidentity, ''), pg_get_expr(d.adbin, d.adrelid)) as line
       from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     union all
     select concat_ws(' ', 'constraint', t.relname, c.conname, pg_get_constraintdef(c.oid))
       from tables t join pg_constraint c on c.conrelid = t.oid and c.contype <> 'n'
     union all
     select concat_ws(' ', 'index', t.relname, pg_get_indexdef(i.indexrelid)) from tables t join pg_index i on i.indrelid = t.oid
     order by 1`,
    [namespace],
  );
  return rows.map(({ line }) => String(line).replace(` ON ${namespace}.`, " ON "));
}
