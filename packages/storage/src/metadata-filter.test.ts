import type { Metadata, MetadataFilter } from "@footnote/core";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileFilter, matchesFilter } from "./metadata-filter.ts";
import { availableEngines, openTestStore, type TestStore } from "./testing/test-store.ts";

const field = fc.constantFrom("a", "b", 'quote"d', "a.b", "$x", "é");
const scalar = fc.oneof(
  fc.constantFrom("x", "y", "é", "𝄞", "\uffee", "1", 'q"', ""),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0.5, 1e21),
  fc.boolean(),
  fc.constant(null),
);
const metadata: fc.Arbitrary<Metadata> = fc.dictionary(field, fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })), {
  maxKeys: 4,
  noNullPrototype: true,
});
const bound = fc.oneof(fc.constantFrom("x", "é", "𝄞", "\uffee", ""), fc.integer({ min: -3, max: 3 }));
const condition = fc.oneof(
  scalar,
  fc.record(
    {
      eq: scalar,
      ne: scalar,
      in: fc.array(scalar, { maxLength: 3 }),
      nin: fc.array(scalar, { maxLength: 3 }),
      gt: bound,
      gte: bound,
      lt: bound,
      lte: bound,
      exists: fc.boolean(),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
);
const filter: fc.Arbitrary<MetadataFilter> = fc.dictionary(field, condition, { maxKeys: 3, noNullPrototype: true });

describe.each(await availableEngines())("compileFilter on %s", (engine) => {
  let opened: TestStore;
  beforeAll(async () => {
    opened = await openTestStore(engine);
  });
  afterAll(() => opened.close());

  it("means what the plain evaluator means", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(metadata, filter), { minLength: 20, maxLength: 20 }), async (cases) => {
        const compiled = cases.map(([value, wanted]) => ({ value, ...compileFilter(wanted) }));
        const rows = await opened.superuser(
          `select coalesce(c->>'path' is null or jsonb_path_match(c->'value', (c->>'path')::jsonpath, c->'vars', true), false) as matches
           from jsonb_array_elements($1::jsonb) with ordinality as e(c, at) order by at`,
          [JSON.stringify(compiled)],
        );
        expect(rows.map((row) => row.matches)).toEqual(cases.map(([value, wanted]) => matchesFilter(value, wanted)));
      }),
      { numRuns: 40 },
    );
  });
});

describe("compileFilter", () => {
  it("binds values instead of writing them, and refuses NUL", () => {
    expect(compileFilter({ a: "'; drop table x" })).toEqual({ path: '($."a" == $v0)', vars: { v0: "'; drop table x" } });
    expect(compileFilter(undefined)).toEqual({ path: null, vars: {} });
    expect(() => compileFilter({ a: "\u0000" })).toThrow(/NUL/);
  });
});
