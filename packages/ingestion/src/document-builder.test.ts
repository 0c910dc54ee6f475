import { spanFault } from "@footnote/core/testing";
import { describe, expect, it } from "vitest";
import { createDocumentBuilder } from "./document-builder.ts";
import { outline } from "./testing/outline.ts";

const limits = { maxTextLength: 1000 };

describe("createDocumentBuilder", () => {
  it("separates blocks by a blank line and neighbours of one group by a line end", () => {
    const builder = createDocumentBuilder(limits);
    const group = builder.newGroup();
    builder.append({ kind: "paragraph", text: " one " });
    builder.append({ kind: "table-row", text: "a | b", group, header: true });
    builder.append({ kind: "table-row", text: "c | d", group });
    builder.append({ kind: "table-row", text: "e", group: builder.newGroup() });
    const document = builder.build({ mediaType: "text/plain" });
    expect(document.text).toBe("one\n\na | b\nc | d\n\ne");
    expect(spanFault(document)).toBeNull();
  });

  it("keeps the path of the headings above a block", () => {
    const builder = createDocumentBuilder(limits);
    builder.heading({ level: 1, text: "A" });
    builder.heading({ level: 3, text: "B" });
    builder.append({ kind: "paragraph", text: "x" });
    builder.heading({ level: 2, text: "C" });
    builder.append({ kind: "paragraph", text: "y" });
    builder.heading({ level: 0, text: "D" });
    const paths = builder.build({ mediaType: "text/plain" }).blocks.map(({ headingPath }) => headingPath.join("/"));
    expect(paths).toEqual(["", "A", "A/B", "A", "A/C", ""]);
  });

  it("makes text canonical before it takes an offset", () => {
    const builder = createDocumentBuilder(limits);
    builder.append({ kind: "paragraph", text: "\uFEFFa\u0000b\r\nc\uD800" });
    builder.append({ kind: "code", text: "\n\n  x\r\n    y\n\n" });
    const document = builder.build({ mediaType: "text/plain" });
    expect(outline(document)).toEqual(["paragraph: ab\nc\uFFFD", "code:   x\n    y"]);
    expect(spanFault(document)).toBeNull();
  });

  it("drops blank blocks and says when nothing is left", () => {
    const builder = createDocumentBuilder(limits);
    expect(builder.append({ kind: "paragraph", text: " \u0000\n" })).toBeNull();
    expect(builder.heading({ level: 1, text: "\t" })).toBeNull();
    expect(() => builder.build({ mediaType: "text/plain" })).toThrow(expect.objectContaining({ code: "document_has_no_text" }));
  });

  it("refuses more text than allowed", () => {
    const builder = createDocumentBuilder({ maxTextLength: 5 });
    builder.append({ kind: "paragraph", text: "12345" });
    expect(() => builder.append({ kind: "paragraph", text: "6" })).toThrow(expect.objectContaining({ code: "document_too_large" }));
  });

  it("spans pages over their blocks, keeps boxes, and lists each warning once", () => {
    const builder = createDocumentBuilder(limits);
    builder.startPage({ number: 1, width: 10, height: 20 });
    builder.append({ kind: "paragraph", text: "one", boxes: [{ page: 1, x: 0, y: 0, width: 1, height: 1 }] });
    builder.startPage({ number: 2 });
    builder.startPage({ number: 3 });
    builder.append({ kind: "list-item", text: "three", level: 0 });
    builder.append({ kind: "paragraph", text: "again one", page: 1 });
    builder.warn("w");
    builder.warn("w");
    const document = builder.build({ mediaType: "text/plain", title: "  A\n title ", language: "xx" });
    expect(document.pages.map(({ number, start, end }) => [number, start, end])).toEqual([
      [1, 0, 21],
      [2, 3, 3],
      [3, 5, 10],
    ]);
    expect(document).toMatchObject({ title: "A title", language: "xx", warnings: ["w"] });
    expect(document.blocks[0]?.boxes).toHaveLength(1);
    expect(document.blocks[1]).toMatchObject({ page: 3, level: 1 });
    expect(builder.length).toBe(document.text.length);
  });
});
