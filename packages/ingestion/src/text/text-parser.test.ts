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

it("refuses text in an encoding that it cannot tell, instead of making garbage searchable", async () => {
  // EBCDIC: no browser encoding fits.
  const words = "In the beginning there was a page of plain English words in an old encoding. ".repeat(20);
  const ebcdic = Buffer.from(
    [...words].map((character) => {
      const place = "abcdefghi".indexOf(character.toLowerCase());
      if (place >= 0) return 0x81 + place;
      const second = "jklmnopqr".indexOf(character.toLowerCase());
      if (second >= 0) return 0x91 + second;
      const third = "stuvwxyz".indexOf(character.toLowerCase());
      if (third >= 0) return 0xa2 + third;
      return character === " " ? 0x40 : 0x4b;
    }),
  );
  await expect(createTextParser().parse({ bytes: ebcdic })).rejects.toMatchObject({ code: "document_corrupt" });
  // Greek letters by every statistic, but some of the bytes are none.
  const greek = Buffer.from("c7 ecfde1f0 e5dfede1e9 ff 20".replaceAll(" ", "").repeat(40), "hex");
  await expect(createTextParser().parse({ bytes: greek })).rejects.toMatchObject({
    code: "document_corrupt",
    details: { undecodable: 120 },
  });
});

describe("splitParagraphs", () => {
  it("gives nothing for blank text", () => {
    expect(splitParagraphs(" \n\n\t")).toEqual([]);
  });
});
