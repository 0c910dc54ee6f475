import { describe, expect, it } from "vitest";
import { outline, utf8 } from "../testing/outline.ts";
import { createTextParser, splitParagraphs } from "./text-parser.ts";

describe("createTextParser", () => {
  it("reads paragraphs between blank lines and keeps their lines", async () => {
    const document = await createTextParser().parse({ bytes: utf8("one\r\ntwo  \r\n \r\n\r\nthree") });
    expect(outline(document)).toEqual(["paragraph: one\ntwo", "paragraph: three"]);
    expect(document).toMatchObject({ mediaType: "text/plain", title: null, warnings: [] });
  });

  it("keeps structured data as code", async () => {
    const document = await createTextParser().parse({ bytes: utf8('{\n  "a": 1\n}'), mediaType: "application/json; charset=utf-8" });
    expect(outline(document)).toEqual(['code: {\n  "a": 1\n}']);
    expect(document.mediaType).toBe("application/json");
  });

  it("says when it guessed the encoding or lost bytes", async () => {
    const guessed = await createTextParser().parse({ bytes: Buffer.from("Größe und Straße für die Übung\n".repeat(3), "latin1") });
    expect(guessed.warnings).toHaveLength(1);
    const lost = await createTextParser().parse({ bytes: Buffer.from("\uFEFFok \uFFFD") });
    expect(lost.warnings).toHaveLength(1);
    const declared = await createTextParser().parse({
      bytes: Buffer.from("cff0e8e2e5f2", "hex"),
      mediaType: 'text/plain; charset="windows-1251"',
    });
    expect(declared).toMatchObject({ text: "Привет", warnings: [] });
  });
});

describe("splitParagraphs", () => {
  it("gives nothing for blank text", () => {
    expect(splitParagraphs(" \n\n\t")).toEqual([]);
  });
});
