import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/architecture.md"), "utf8");

interface Stop {
  path: string;
  /** What an earlier file calls of it; null where it is reached through the database. */
  name: string | null;
  text: string;
}

/** The numbered list under a heading: `1. \`path\` (\`name\`): …`. */
function walkOf(heading: string): Stop[] {
  const section = page.split(`### ${heading}\n`)[1]?.split(/^#/mu)[0] ?? "";
  return [...section.matchAll(/^\d+\. `([^`]+)`(?: \(`(\w+)`\))?/gmu)].map(([, path = "", name = null]) => ({
    path,
    name,
    text: existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "",
  }));
}

const isDefined = ({ name, text }: Stop) =>
  new RegExp(String.raw`(?:function\*? |const |^\s+(?:async )?)${name}(?:\(|:| =|<)`, "mu").test(text);
const isCalled = (name: string | null, { text }: Stop) => new RegExp(String.raw`\b${name}(?:\(|\b(?=,|\s*\}))`, "u").test(text);

/** Relative imports of values of a file, as paths from the root: a type calls nothing. */
const importsOf = ({ path, text }: Stop) =>
  [...text.replaceAll(/^import type [^;]+;/gmu, "").matchAll(/from "(\.[^"]+)"/gu)].map(([, to = ""]) =>
    relative(root, join(root, dirname(path), to)),
  );

describe.each([
  ["A question", 7],
  ["A document", 11],
])("the walk of docs/architecture.md: %s", (heading, most) => {
  const walk = walkOf(heading);

  it("names files that are there, and no more than it may", () => {
    expect(walk.length).toBeGreaterThan(5);
    expect(walk.length).toBeLessThanOrEqual(most);
    expect(walk.filter(({ text }) => text === "").map(({ path }) => path)).toEqual([]);
  });

  it("names calls that an earlier file makes", () => {
    const missing = walk.flatMap((stop, at) => {
      if (stop.name === null) return [];
      const callers = walk.slice(0, at).filter((earlier) => isCalled(stop.name, earlier));
      const isHandedOver = page.includes(`\`${stop.path}\` (\`${stop.name}\`), handed to`);
      return [
        ...(isDefined(stop) ? [] : [`${stop.path} does not define ${stop.name}`]),
        ...(callers.length > 0 || isHandedOver ? [] : [`no earlier file calls ${stop.name} of ${stop.path}`]),
      ];
    });
    expect(missing).toEqual([]);
  });

  it("goes one way: no file imports an earlier one", () => {
    const back = walk.flatMap((stop, at) =>
      walk.slice(0, at).flatMap((earlier) => (importsOf(stop).includes(earlier.path) ? [`${stop.path} imports ${earlier.path}`] : [])),
    );
    expect(back).toEqual([]);
  });
});
