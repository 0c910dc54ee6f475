import { execFileSync } from "node:child_process";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeDocumentationPairs, readPackedMarkdown } from "./documentation-pairs.ts";

const filler = "This paragraph explains how the garbage collector moves objects between generations and when it stops the program. ".repeat(
  4,
);
const page = (name: string) =>
  `---\ntitle: About ${name}\n---\n<!-- hidden -->\n# About ${name}\n\n${filler}\n\n## Motivation\n\n${filler}\n\n\`\`\`sh\n# no heading\n\`\`\`\n\n## Eviction of ${name}\n\n${filler} The ${name} controller evicts pods whose lease ran out an hour ago.\n\n## References\n\n${filler}\n`;
const files = new Map(["alpha", "beta", "gamma", "delta"].map((name) => [`${name}.md`, page(name)]));

describe("documentation pairs", () => {
  it("asks for sections by what was taken out of them", () => {
    const { documents, queries, relevance } = makeDocumentationPairs(files, { rows: 100, queries: 100 });
    expect(documents).toHaveLength(12);
    expect(queries.length).toBeGreaterThan(6);
    for (const { id, text } of queries) {
      const row = [...(relevance.get(id)?.keys() ?? [])];
      expect(row).toHaveLength(1);
      const document = documents.find((candidate) => candidate.id === row[0]);
      expect(document?.title).toMatch(/^About /u);
      expect(document?.text.includes(text)).toBe(false);
      // What every page calls a section is asked with its page.
      expect(!text.startsWith("Motivation") || text.startsWith("Motivation About ")).toBe(true);
    }
    for (const { text } of documents) expect(text).not.toContain("hidden");
  });

  it("makes the same of the same files, and no more than asked for", () => {
    expect(makeDocumentationPairs(files, { rows: 6, queries: 2 })).toEqual(makeDocumentationPairs(files, { rows: 6, queries: 2 }));
    expect(makeDocumentationPairs(files, { rows: 6, queries: 2 }).queries).toHaveLength(2);
    expect(makeDocumentationPairs(new Map(), { rows: 6, queries: 2 }).documents).toEqual([]);
  });

  it("reads the Markdown of packed folders, by name", async () => {
    const folder = await mkdtemp(join(tmpdir(), "footnote-pairs-"));
    try {
      await mkdir(join(folder, "notes", "deep"), { recursive: true });
      await writeFile(join(folder, "notes", "b.md"), "second\0");
      await writeFile(join(folder, "notes", "deep", "a.md"), "first");
      await writeFile(join(folder, "notes", "c.txt"), "no Markdown");
      execFileSync("tar", ["-cJf", join(folder, "notes.tar.xz"), "-C", folder, "notes"]);
      const read = await readPackedMarkdown([join(folder, "notes.tar.xz")]);
      expect([...read]).toEqual([
        ["notes.tar.xz/notes/b.md", "second\0"],
        ["notes.tar.xz/notes/deep/a.md", "first"],
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
