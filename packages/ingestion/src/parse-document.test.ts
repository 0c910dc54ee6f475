import { expect, test } from "vitest";
import { parseDocument } from "./parse-document.ts";
import { writePdf } from "./pdf/testing/write-pdf.ts";

function parse(text: string, fileName: string, mediaType?: string) {
  return parseDocument({ bytes: Buffer.from(text), fileName, ...(mediaType === undefined ? {} : { mediaType }) });
}

test("the content chooses the parser, the name only among plain text", async () => {
  expect((await parse("# Head\n\nText", "a.md")).mediaType).toBe("text/markdown");
  expect((await parse("<!doctype html><title>T</title><main><h1>T</h1><p>Some text here.</p></main>", "a.txt")).mediaType).toBe(
    "text/html",
  );
  expect((await parse("a,b\n1,2\n3,4\n", "a.csv")).mediaType).toBe("text/csv");
  expect((await parse("Title\n=====\n\nText of *it*.\n", "a.rst")).mediaType).toBe("text/x-rst");
  expect((await parse("From: a@b.c\nSubject: Hello\nContent-Type: text/plain\n\nBody text", "a.eml")).mediaType).toBe("message/rfc822");
  expect((await parse('{"a": 1}', "a.json")).mediaType).toBe("application/json");
  const pdf = await writePdf((page) => {
    page.text("Text of a page");
  });
  expect((await parseDocument({ bytes: pdf, fileName: "a.txt", mediaType: "text/plain" })).mediaType).toBe("application/pdf");
});

test("a declared character set is used", async () => {
  const document = await parseDocument({
    bytes: Buffer.from("Gr\xfc\xdfe aus K\xf6ln", "latin1"),
    mediaType: "text/plain; charset=iso-8859-1",
  });
  expect(document.text).toBe("Grüße aus Köln");
});

test("refuses what is empty, too large, unknown, or no longer wanted", async () => {
  await expect(parse("", "a.txt")).rejects.toMatchObject({ code: "empty_file" });
  await expect(parseDocument({ bytes: Buffer.from("12345"), limits: { maxBytes: 4 } })).rejects.toMatchObject({
    code: "document_too_large",
    details: { sizeBytes: 5, maxBytes: 4 },
  });
  const picture = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
  await expect(parseDocument({ bytes: picture, fileName: "a.txt" })).rejects.toMatchObject({ code: "unsupported_media_type" });
  await expect(parseDocument({ bytes: Buffer.from("text"), signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
});
