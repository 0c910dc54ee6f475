import type { Parser, ParseRequest } from "@footnote/core";
import { parserContract } from "@footnote/core/testing";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
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
import { createPdfParser } from "./pdf/pdf-parser.ts";
import { createSandboxedParser } from "./sandbox/sandboxed-parser.ts";
import { utf8 } from "./testing/outline.ts";
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
  pdf: createPdfParser(),
  docx: createDocxParser(),
  pptx: createPptxParser(),
  xlsx: createXlsxParser(),
  odf: createOpenDocumentParser(),
  epub: createEpubParser(),
};

const handbook = new URL("../../../examples/handbook/documents/", import.meta.url);
const sample = (file: string) => ({ bytes: readFileSync(new URL(file, handbook)), fileName: file });
const samples: Readonly<Record<string, readonly ParseRequest[]>> = {
  html: [sample("intranet/offices.html")],
  markdown: [sample("engineering/cloud-api.md")],
  rst: [{ bytes: utf8("Title\n=====\n\n- One\n- Two\n\n.. note:: Three\n\n+---+---+\n| a | b |\n+---+---+\n"), fileName: "a.rst" }],
  csv: [sample("company/locations.csv")],
  mail: [sample("company/warranty-change.eml")],
  rtf: [{ bytes: utf8("{\\rtf1\\ansi{\\fonttbl\\f0 Arial;}One \\'e9 \\u8364?\\par a\\cell b\\cell\\row}") }],
  text: [sample("company/minutes-2026-03-09.txt")],
  pdf: [sample("company/annual-report-2025.pdf")],
  docx: [sample("policies/parental-leave.docx")],
  pptx: [sample("company/kick-off-2026.pptx")],
  xlsx: [sample("products/price-list-2026.xlsx")],
  odf: [
    {
      bytes: zipArchive({
        mimetype: "application/vnd.oasis.opendocument.text",
        "content.xml":
          '<o:document-content xmlns:o="o" xmlns:text="t"><o:body><o:text><text:h>Head</text:h><text:p>One</text:p></o:text></o:body></o:document-content>',
      }),
    },
  ],
  epub: [
    {
      bytes: zipArchive({
        mimetype: "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>',
        "book.opf":
          '<package><metadata><title>Book</title></metadata><manifest><item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>',
        "a.xhtml": "<html><body><h1>One</h1><p>Two.</p></body></html>",
      }),
    },
  ],
};

const containers = fc
  .tuple(fc.constantFrom("word/document.xml", "ppt/presentation.xml", "xl/workbook.xml", "content.xml"), fc.string())
  .map(([member, content]) => zipArchive({ [member]: content }));

for (const [name, parser] of Object.entries(parsers)) {
  parserContract(name, { parser, samples: samples[name] ?? [], pieces: pieces[name] ?? [" "], bytes: containers });
}

const sandboxed = createSandboxedParser({ concurrency: 1 });
parserContract("sandboxed", {
  parser: sandboxed,
  samples: Object.values(samples).flat(),
  pieces: Object.values(pieces).flat(),
  runs: 40,
  close: () => sandboxed.close(),
});

it("finds a media type or none, whatever the bytes are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.option(fc.string(), { nil: undefined }), (bytes, name) => {
      const type = detectMediaType({ bytes, ...(name === undefined ? {} : { declared: name, fileName: name }) });
      expect(type === null || type.includes("/")).toBe(true);
    }),
  );
});
