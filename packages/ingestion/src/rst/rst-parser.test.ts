import { spanFault } from "@footnote/core/testing";
import type { ParsedDocument } from "@footnote/core";
import { describe, expect, it } from "vitest";
import { outline, utf8 } from "../testing/outline.ts";
import { createRstParser } from "./rst-parser.ts";

const parse = (text: string): Promise<ParsedDocument> => createRstParser().parse({ bytes: utf8(text) });

describe("createRstParser", () => {
  it("levels headings by the order of their underline styles", async () => {
    const document = await parse(
      "=====\nTitle\n=====\n\nSection\n=======\n\ntext\n\nSub\n---\n\nNext\n====\n\nend\n\n-----\n\nafter a rule\n",
    );
    expect(outline(document)).toEqual([
      "heading1: Title",
      "heading2: Section",
      "paragraph: text",
      "heading3: Sub",
      "heading2: Next",
      "paragraph: end",
      "paragraph: after a rule",
    ]);
    expect(document).toMatchObject({ title: "Title", mediaType: "text/x-rst" });
  });

  it("reads a PEP's header", async () => {
    const document = await parse(
      "PEP: 8\nTitle: Style *Guide*\nAuthor: A <a@b.c>,\n        B\nPost-History: x\n\nAbstract\n========\n\nText.\n",
    );
    expect(document.title).toBe("PEP 8 – Style *Guide*");
    expect(outline(document)).toEqual([
      "paragraph: PEP: 8",
      "paragraph: Title: Style Guide",
      "paragraph: Author: A <a@b.c>, B",
      "heading1: Abstract",
      "paragraph: Text.",
    ]);
  });

  it("resolves inline marks and roles", async () => {
    const document = await parse(
      "**b** *i* ``c *d*`` :pep:`20` :pep:`text <7>` :func:`~a.b.run` :class:`!X` `site <http://x>`_ `ref`_ word_ note [1]_ |v| a\\*b `<http://y>`_\n\n.. |v| replace:: **2.0**\n\n.. [1] The note.\n.. _target: http://t\n.. a comment\n   goes on\n",
    );
    expect(outline(document)).toEqual([
      "paragraph: b i c *d* PEP 20 text run X site ref word note 2.0 a*b http://y",
      "paragraph: The note.",
    ]);
  });

  it("reads lists, definitions, fields, quotes and line blocks", async () => {
    const document = await parse(
      "- a\n  still a\n\n  more\n\n  - deep\n\n- b\n\n1. one\n#. two\n\nterm\n    meaning\n\n:field: value\n   goes on\n\nsaid:\n\n    quoted\n\n| line one\n| line two\n\nA. Person wrote\nthis line.\n",
    );
    expect(outline(document)).toEqual([
      "list-item1: a still a",
      "paragraph: more",
      "list-item2: deep",
      "list-item1: b",
      "list-item1: 1. one",
      "list-item1: #. two",
      "list-item1: term",
      "paragraph: meaning",
      "paragraph: field: value goes on",
      "paragraph: said:",
      "quote: quoted",
      "paragraph: line one\nline two",
      "paragraph: A. Person wrote this line.",
    ]);
  });

  it("keeps literal blocks, code directives and doctests as code", async () => {
    const document = await parse(
      "See::\n\n    x = 1\n\n      y\n\n.. code-block:: python\n   :linenos:\n\n   z\n\n>>> 1 + 1\n2\n\nQuoted ::\n\n> a\n> b\n\n::\n\n  alone\n",
    );
    expect(outline(document)).toEqual([
      "paragraph: See:",
      "code: x = 1\n\n  y",
      "code: z",
      "code: >>> 1 + 1\n2",
      "paragraph: Quoted",
      "code: > a\n> b",
      "code: alone",
    ]);
  });

  it("reads grid, simple, list and CSV tables row by row", async () => {
    const document = await parse(
      [
        "+---+-----+\n| A | B   |\n+===+=====+\n| 1 | two |\n|   | on  |\n+---+-----+\n",
        "==== ====\nC    D\n==== ====\n3    x y\n     z\n4\n==== ====\n",
        ".. list-table:: Cap\n   :header-rows: 1\n\n   * - E\n     - F\n   * - 5\n     - ``6``\n       more\n",
        '.. csv-table:: Csv\n   :header: "G", "H"\n\n   "7", "a, b"\n',
        ".. table:: Tab\n\n   == ==\n   8  9\n   == ==\n",
      ].join("\n"),
    );
    expect(outline(document)).toEqual(
      [
        "table-row*: A | B",
        "table-row: 1 | two on",
        "table-row*: C | D",
        "table-row: 3 | x y z",
        "table-row: 4 | ",
        "caption: Cap",
        "table-row*: E | F",
        "table-row: 5 | 6 more",
        "caption: Csv",
        "table-row*: G | H",
        "table-row: 7 | a, b",
        "caption: Tab",
        "table-row: 8 | 9",
      ].map((line) => line.trimEnd()),
    );
  });

  it("reads what admonitions say and drops pictures and includes", async () => {
    const document = await parse(
      ".. note:: Be *careful*\n   here.\n\n.. image:: x.png\n   :alt: y\n\n.. figure:: x.png\n\n   A caption\n\n.. versionadded:: 3.1\n   :opt: x\n\n   New.\n\n.. math:: a^2\n\n.. toctree::\n\n   a\n",
    );
    expect(outline(document)).toEqual([
      "paragraph: Be careful here.",
      "caption: A caption",
      "paragraph: 3.1",
      "paragraph: New.",
      "code: a^2",
    ]);
  });

  it("warns about a guessed encoding and expands tabs", async () => {
    const document = await createRstParser().parse({
      bytes: Buffer.from("Größe und Straße\n================\n\n::\n\n\tfür\n\nÜbung schön\n", "latin1"),
    });
    expect(document.warnings).toHaveLength(1);
    expect(outline(document)).toContain("code: für");
  });

  it("keeps the words of hostile nesting", async () => {
    const ladder = Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}- a\n`).join("\n");
    for (const text of [
      ladder,
      "a\n b\n".repeat(4_000),
      ".. note:: ".repeat(4_000),
      "`".repeat(20_000),
      "- a\n\n  ".repeat(4_000),
      "==== ===\n".repeat(2_000),
    ]) {
      const document = await parse(`start\n\n${text}`);
      expect(document.text.startsWith("start")).toBe(true);
      expect(spanFault(document)).toBeNull();
    }
  });
});
