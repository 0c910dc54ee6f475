import { isFootnoteError } from "@footnote/core";
import type { ParsedDocument, Parser } from "@footnote/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHtmlParser } from "./html/html-parser.ts";
import { createEmlParser } from "./mail/eml-parser.ts";
import { createMarkdownParser } from "./markdown/markdown-parser.ts";
import { detectMediaType } from "./media-type.ts";
import { createDocxParser } from "./office/docx-parser.ts";
import { createEpubParser } from "./office/epub-parser.ts";
import { createOpenDocumentParser } from "./office/opendocument-parser.ts";
import { createPptxParser } from "./office/pptx-parser.ts";
import { createRtfParser } from "./office/rtf-parser.ts";
import { createXlsxParser } from "./office/xlsx-parser.ts";
import { createRstParser } from "./rst/rst-parser.ts";
import { spanFault } from "./testing/outline.ts";
import { zipArchive } from "./testing/zip-archive.ts";
import { createCsvParser } from "./text/csv-parser.ts";
import { createTextParser } from "./text/text-parser.ts";

/** Pieces of each format's syntax: random sequences of them reach far more of a parser than random bytes do. */
const pieces: Readonly<Record<string, readonly string[]>> = {
  html: [
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<ul><li>",
    "</ul>",
    "<table><tr><td>",
    "</table>",
    "<th>",
    "<pre>",
    "</pre>",
    "<h1>",
    "</h1>",
    "<br>",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "&lt;",
    "&#0;",
    "&#xD800;",
  ],
  markdown: [
    "# ",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    "> ",
    "```",
    "|a|b|\n|-|-|\n",
    "**",
    "[x](y)",
    "![",
    "](",
    "<b>",
    "[^1]",
    "[^1]: ",
    "---\n",
    "    ",
    "&amp;",
    "\\",
  ],
  rst: [
    "\n",
    "\n\n",
    "===\n",
    "- ",
    "1. ",
    "::",
    "   ",
    ".. note:: ",
    "``",
    ":pep:`",
    "`_",
    "+--+\n|a |\n+--+\n",
    "== ==\n",
    "|x|",
    "[1]_",
    ".. [1] ",
    "\t",
    ":f: ",
  ],
  csv: [",", ";", '"', '""', "\n", "\r\n", "\t", "1.5"],
  mail: [
    "From: a@b\n",
    "Subject: ",
    "Content-Type: multipart/mixed; boundary=x\n",
    "--x\n",
    "--x--",
    "\n\n",
    "=?utf-8?q?=C3?=",
    "Content-Transfer-Encoding: base64\n",
  ],
  rtf: ["{\\rtf1 ", "{", "}", "\\par ", "\\'e9", "\\u-10179?", "\\uc0 ", "\\bin5 ", "\\*", "\\cell ", "\\row ", "{\\pict "],
};

const parsers: Readonly<Record<string, Parser>> = {
  html: createHtmlParser(),
  markdown: createMarkdownParser(),
  rst: createRstParser(),
  csv: createCsvParser(),
  mail: createEmlParser(),
  rtf: createRtfParser(),
  text: createTextParser(),
  docx: createDocxParser(),
  pptx: createPptxParser(),
  xlsx: createXlsxParser(),
  odf: createOpenDocumentParser(),
  epub: createEpubParser(),
};

/** The document; null when the parser refused it in its own words; anything else is thrown on. */
async function parseOrRefuse(parser: Parser, bytes: Uint8Array): Promise<ParsedDocument | null> {
  try {
    return await parser.parse({ bytes });
  } catch (error) {
    if (isFootnoteError(error) && error.code.startsWith("document_")) return null;
    throw error;
  }
}

describe("every parser", () => {
  it.each(Object.entries(parsers))("%s gives a sound document or a document_* error for any bytes", async (name, parser) => {
    const text = fc.array(fc.oneof(fc.constantFrom(...(pieces[name] ?? [" "])), fc.string({ unit: "binary", maxLength: 8 })), {
      maxLength: 40,
    });
    const bytes = fc.oneof(
      text.map((parts) => new Uint8Array(Buffer.from(parts.join("")))),
      text.map((parts) => new Uint8Array(Buffer.from(`\uFEFF${parts.join("")}`, "utf16le"))),
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.constantFrom("word/document.xml", "ppt/presentation.xml", "xl/workbook.xml", "content.xml"), fc.string())
        .map(([member, content]) => zipArchive({ [member]: content })),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (input) => {
        const document = await parseOrRefuse(parser, input);
        expect(document === null ? null : spanFault(document)).toBeNull();
      }),
      { numRuns: 120 },
    );
  });

  it("is found by a detector that never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.option(fc.string(), { nil: undefined }), (bytes, name) => {
        const type = detectMediaType({ bytes, ...(name === undefined ? {} : { declared: name, fileName: name }) });
        expect(type === null || type.includes("/")).toBe(true);
      }),
    );
  });
});
