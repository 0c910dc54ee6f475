import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => join("docs", name));
const textOf = (page: string) => readFileSync(join(root, page), "utf8");

/** The anchors that GitHub gives a page's headings. */
function anchorsOf(page: string): Set<string> {
  const headings = [...textOf(page).matchAll(/^#+ (.+)$/gmu)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_\- ]/gu, "")
        .trim()
        .replaceAll(" ", "-"),
    ),
  );
}

describe("docs", () => {
  it("has no link within the checkout that leads nowhere", () => {
    const broken = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/gu)].flatMap(([, path = "", anchor]) => {
        const target = path === "" ? page : join(dirname(page), path);
        if (!existsSync(join(root, target))) return [`${page}: ${path} does not exist`];
        if (anchor === undefined || !target.endsWith(".md") || anchorsOf(target).has(anchor)) return [];
        return [`${page}: ${target} has no heading #${anchor}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  const decisions = pages.filter((page) => page.startsWith("docs/decisions/"));

  it.each(decisions)("keeps the form of a decision: %s", (page) => {
    const text = textOf(page);
    const number = /\/(\d{4})-[a-z0-9-]+\.md$/u.exec(page)?.[1] ?? "a number in its name";
    expect(text).toMatch(new RegExp(`^# ${number} \\S.*\\n\\n\\d{4}-\\d{2}-\\d{2}`, "u"));
    const parts = [...text.matchAll(/^\*\*(Context|Choice|Consequence)s?\.\*\*/gmu)].map(([, part]) => part);
    expect(parts).toEqual(["Context", "Choice", "Consequence"]);
    // A page.
    expect(text.split(/\s+/u).length).toBeLessThanOrEqual(600);
  });
});
