import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { idPrefixes, idSchema, isId, newId, type IdKind } from "./ids.ts";

const kinds = Object.keys(idPrefixes).filter((kind): kind is IdKind => kind in idPrefixes);

describe("ids", () => {
  it("have their kind's prefix and are recognised only as that kind", () => {
    for (const kind of kinds) {
      const id = newId(kind);
      expect(id).toMatch(new RegExp(`^${idPrefixes[kind]}_[0-9a-z]{26}$`, "u"));
      expect(kinds.filter((other) => isId(other, id))).toEqual([kind]);
    }
  });

  it("sort in the order in which they were made, also within a millisecond", () => {
    const now = Date.now() + 1000;
    const ids = Array.from({ length: 10_000 }, () => newId("chunk", now));
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });

  it("sort by time across processes whose clocks agree", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 1, max: 2 ** 40 }), (early, gap) => {
        // A clock that goes back must not make ids that sort before earlier ones of the same process.
        const first = newId("job", Date.now() + 10_000 + early);
        const second = newId("job", Date.now() + 10_000 + early + gap);
        return first < second;
      }),
    );
  });

  it.each([
    null,
    7,
    "",
    "doc_",
    "doc_00000000000000000000000000x",
    "doc_8zzzzzzzzzzzzzzzzzzzzzzzzz",
    "DOC_0000000000000000000000000",
    "../doc",
    "doc_0000000000000000000000000\n",
  ])("%j is not an id", (value) => {
    expect(isId("document", value)).toBe(false);
    expect(idSchema("document").safeParse(value).success).toBe(false);
  });

  it("pass through their schema", () => {
    const id = newId("tenant");
    expect(idSchema("tenant").parse(id)).toBe(id);
  });
});
