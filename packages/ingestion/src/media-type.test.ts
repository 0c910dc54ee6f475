import { describe, expect, it } from "vitest";
import { detectMediaType, officeMediaTypes } from "./media-type.ts";
import { utf8 } from "./testing/outline.ts";
import { zipArchive } from "./testing/zip-archive.ts";

const detect = (content: string | Uint8Array, declared?: string, fileName?: string): string | null =>
  detectMediaType({
    bytes: typeof content === "string" ? utf8(content) : content,
    ...(declared === undefined ? {} : { declared }),
    ...(fileName === undefined ? {} : { fileName }),
  });

describe("detectMediaType", () => {
  it("finds binary formats by their content, whatever was declared", () => {
    expect(detect("%PDF-1.7\nx", "text/html")).toBe("application/pdf");
    expect(detect("{\\rtf1 x}", "text/plain")).toBe("application/rtf");
    expect(detect(zipArchive({ "[Content_Types].xml": "", "word/document.xml": "" }))).toBe(officeMediaTypes.docx);
    expect(detect(zipArchive({ "ppt/presentation.xml": "" }), "application/pdf")).toBe(officeMediaTypes.pptx);
    expect(detect(zipArchive({ "xl/workbook.xml": "", "xl/embeddings/a.docx": "word/document.xml" }))).toBe(officeMediaTypes.xlsx);
    expect(detect(zipArchive({ "META-INF/container.xml": "" }))).toBe(officeMediaTypes.epub);
    expect(detect(zipArchive({ mimetype: officeMediaTypes.odt, "content.xml": "" }, ["mimetype"]))).toBe(officeMediaTypes.odt);
    expect(detect(zipArchive({ "content.xml": "<a/>", mimetype: `${officeMediaTypes.ods}\n` }))).toBe(officeMediaTypes.ods);
  });

  it("refuses what is no document", () => {
    expect(detect(zipArchive({ "a.txt": "hello" }), officeMediaTypes.docx)).toBeNull();
    expect(detect(zipArchive({ "a.txt": "hello", mimetype: "text/plain" }))).toBeNull();
    expect(detect(zipArchive({ "a.txt": "hello", mimetype: officeMediaTypes.odt.padEnd(5000) }))).toBeNull();
    expect(detect(Buffer.concat([Buffer.from("\u007FELF\u0002\u0001\u0001"), Buffer.alloc(200, 7)]), "text/plain")).toBeNull();
    expect(detect(Uint8Array.from({ length: 2000 }, (_, index) => (index * 89) % 256))).toBeNull();
    expect(detect(Buffer.from("\u0089PNG\r\n", "latin1"), "text/markdown", "a.md")).toBeNull();
    expect(detect(Buffer.from("d0cf11e0a1b11ae1aabb", "hex"), officeMediaTypes.docx)).toBeNull();
  });

  it("lets the name decide only where a container is cut short or encrypted", () => {
    const whole = zipArchive({ "word/document.xml": "x".repeat(500) });
    expect(detect(whole.subarray(0, 60))).toBe(officeMediaTypes.docx);
    expect(detect(whole.subarray(0, 20), undefined, "a.xlsx")).toBe(officeMediaTypes.xlsx);
    expect(detect(whole.subarray(0, 20))).toBeNull();
    const encrypted = Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.from("EncryptedPackage", "utf16le")]);
    expect(detect(encrypted, officeMediaTypes.pptx)).toBe(officeMediaTypes.pptx);
    expect(detect(encrypted, undefined, "a.xlsx")).toBe(officeMediaTypes.xlsx);
    expect(detect(encrypted)).toBe(officeMediaTypes.docx);
  });

  it.each([
    ["text/html", "<!DOCTYPE html><title>x</title>"],
    ["text/html", '<?xml version="1.0"?><!-- c --><html><body>x'],
    ["text/html", "<title>x</title><div><p>a</p><h1>b</h1><a href='x'>c</a></div>"],
    ["application/xml", '<?xml version="1.0"?><rss/>'],
    ["message/rfc822", "From: a@b.c\nSubject: Hi\nDate: x\n\nbody"],
    ["application/json", '{"a": [1, 2]}'],
    ["text/csv", "a,b,c\n1,2,3\n4,5,6\n"],
    ["text/markdown", "# Title\n\nSome **bold** and [a link](http://x).\n"],
    ["text/x-rst", "Title\n=====\n\n.. note:: hello\n\nUse ``code`` here::\n\n    x\n"],
    ["text/plain", "Dear all,\nthis is a note, with a comma.\n"],
  ])("tells %s", (type, content) => {
    expect(detect(content)).toBe(type);
  });

  it("uses the declared type and the name between text formats", () => {
    expect(detect("Just words.", "text/markdown; charset=utf-8")).toBe("text/markdown");
    expect(detect("Just words.", "application/octet-stream", "note.MD")).toBe("text/markdown");
    expect(detect("a,b\n1,2\n", "text/csv")).toBe("text/csv");
    expect(detect("a: 1\n", undefined, "x.yaml")).toBe("application/yaml");
    expect(detect("{not json", "application/json")).toBe("application/json");
    expect(detect("<!doctype html><p>x", "text/markdown")).toBe("text/html");
    expect(detect("", undefined, "x.txt")).toBe("text/plain");
  });

  it("looks at the beginning of a long text only", () => {
    expect(detect(`[${"1,".repeat(100_000)}1]`)).toBe("application/json");
    expect(detect(`# Long\n\n${"ä word ".repeat(50_000)}`, "text/markdown")).toBe("text/markdown");
    expect(detect(Buffer.from("hello world, a text", "utf16le"))).toBe("text/plain");
  });
});
