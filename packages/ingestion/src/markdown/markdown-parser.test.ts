import { spanFault } from "@footnote/core/testing";
import type { ParsedDocument } from "@footnote/core";
import { describe, expect, it } from "vitest";
import { outline, utf8 } from "../testing/outline.ts";
import { createMarkdownParser } from "./markdown-parser.ts";

const parse = (text: string): Promise<ParsedDocument> => createMarkdownParser().parse({ bytes: utf8(text) });

describe("createMarkdownParser", () => {
  it("reads headings of both kinds with levels and paths", async () => {
    const document = await parse("# One *two*\n\ntext\n\nSub\n---\n\nmore\n");
    expect(outline(document)).toEqual(["heading1: One two", "paragraph: text", "heading2: Sub", "paragraph: more"]);
    expect(document.blocks.at(-1)?.headingPath).toEqual(["One two", "Sub"]);
    expect(document.title).toBe("One two");
  });

  it("resolves inline marks as a reader sees them", async () => {
    const document = await parse(
      "**b** _i_ `c` ~~s~~ [link](http://l) <http://auto.example> [](http://bare) ![alt](i.png) &amp; \\* a<br>b <b>t</b> <script>evil()</script> end\nsoft  \nhard\n",
    );
    expect(document.text).toBe("b i c s link http://auto.example http://bare alt & * a\nb t  end soft\nhard");
  });

  it("reads lists with depth and numbers, further paragraphs and code within items", async () => {
    const document = await parse("- a\n- b\n\n  more\n\n  3. c\n  4. d\n\n      code\n\n[x]: http://y\n");
    expect(outline(document)).toEqual([
      "list-item1: a",
      "list-item1: b",
      "paragraph: more",
      "list-item2: 3. c",
      "list-item2: 4. d",
      "paragraph: code",
    ]);
    expect(new Set(document.blocks.map(({ group }) => group)).size).toBe(1);
  });

  it("reads tables row by row and code as it stands", async () => {
    const document = await parse("| A | `b` |\n|---|--:|\n| 1 | **2** |\n| | |\n\n```js\n  let x = 1;\n\n\n  y\n```\n\n    indented\n");
    expect(outline(document)).toEqual(["table-row*: A | b", "table-row: 1 | 2", "code:   let x = 1;\n\n\n  y", "code: indented"]);
  });

  it("reads quotes, footnotes and HTML blocks without scripts", async () => {
    const document = await parse("> said\n\nText[^1].\n\n<div>html <b>block</b><script>alert(1)</script></div>\n\n[^1]: The note.\n");
    expect(outline(document)).toEqual(["quote: said", "paragraph: Text.", "paragraph: html block", "paragraph: The note."]);
  });

  it("takes the title from the front matter, and says when that is broken", async () => {
    expect(await parse('---\ntitle: "A: b"\ntags: [x]\n---\n# H\n')).toMatchObject({ title: "A: b", text: "H" });
    expect(await parse("+++\ntitle = 'Toml'\n+++\ntext\n")).toMatchObject({ title: "Toml", text: "text" });
    const broken = await parse("---\ntitle: [x\n: :\n---\ntext\n");
    expect(broken).toMatchObject({ title: null, text: "text" });
    expect(broken.warnings).toHaveLength(1);
    expect((await parse("---\n\nA rule, then text.\n\n---\n")).text).toBe("A rule, then text.");
    expect((await parse("---\ntitle: 2026\n---\nx")).title).toBe("2026");
  });

  it("decodes other encodings", async () => {
    const document = await createMarkdownParser().parse({
      bytes: Buffer.from("# Über\n\nDas Café schließt für die Gäste um acht.\n", "latin1"),
    });
    expect(document.text).toContain("Das Café schließt für die Gäste");
    expect(document.warnings).toHaveLength(1);
  });

  it("refuses an empty document and honours an aborted signal", async () => {
    await expect(parse(" \n<!-- only a comment -->\n")).rejects.toMatchObject({ code: "document_has_no_text" });
    await expect(createMarkdownParser().parse({ bytes: utf8("x"), signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
  });

  it("keeps the words of hostile nesting and of very long lines", async () => {
    const words = Array.from({ length: 120_000 }, (_, index) => `word${index}`).join(" ");
    expect((await parse(`# Long\n\n${words} needle`)).text.endsWith("word119999 needle")).toBe(true);
    expect((await parse(`${">".repeat(50_000)}deep`)).text).toBe("deep");
    for (const mark of ["[", "![", "*a ", "`", "- ", "<", "[^a", "^[", "> - ", "<div>"]) {
      const document = await parse(`start\n\n${mark.repeat(5_000)}`);
      expect(document.text.startsWith("start")).toBe(true);
      expect(spanFault(document)).toBeNull();
    }
    expect((await parse(`start\n\n${"- ".repeat(200)}x`)).warnings).toHaveLength(1);
  });
});
