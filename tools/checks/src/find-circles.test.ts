import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findCircles } from "./find-circles.ts";
import { readCheckout } from "./find-violations.ts";

const file = (name: string, text: string) => ({ path: `packages/core/src/${name}.ts`, text });

describe("findCircles", () => {
  it("finds no circle in this checkout", () => {
    const { files } = readCheckout(join(import.meta.dirname, "../../.."));
    const sources = files.filter(({ path }) => /^(?:packages|apps|tools)\//u.test(path));
    expect(sources.length).toBeGreaterThan(400);
    expect(findCircles(sources)).toEqual([]);
  });

  it.each([
    ["types", 'import type { A } from "./a.ts";'],
    ["a type among names", 'import { type A } from "./a.ts";'],
    ["exports", 'export { a } from "./a.ts";'],
    ["types that are passed on", 'export type * from "./a.ts";'],
    ["dynamic imports", 'const a = await import("./a.ts");'],
  ])("finds a circle of %s", (_what, closing) => {
    const files = [
      file("c", 'import "./a.ts";'),
      file("a", 'import type { B } from "./ports/b.ts";'),
      file("ports/b", closing.replace("./a", "../a")),
    ];
    expect(findCircles(files)).toEqual([["packages/core/src/a.ts", "packages/core/src/ports/b.ts", "packages/core/src/a.ts"]]);
  });

  it("takes two ways to one file for none", () => {
    const files = [file("a", 'import "./b.ts"; import "./c.ts";'), file("b", 'import "./c.ts";'), file("c", "")];
    expect(findCircles(files)).toEqual([]);
  });
});
