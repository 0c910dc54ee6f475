import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outline, utf8 } from "../testing/outline.ts";
import { createCsvParser, detectDelimiter, parseDelimited } from "./csv-parser.ts";

describe("createCsvParser", () => {
  it("reads rows with a header, quotes and line ends in fields", async () => {
    const document = await createCsvParser().parse({ bytes: utf8('Name,Note\r\n"Doe, Jane","said ""hi""\nand left"\r\nJohn,\r\n') });
    expect(outline(document)).toEqual(["table-row*: Name | Note", 'table-row: Doe, Jane | said "hi" and left', "table-row: John"]);
  });

  it("finds the delimiter, also from Excel's hint", async () => {
    expect(outline(await createCsvParser().parse({ bytes: utf8("a;b\n1,5;2\n") }))).toEqual(["table-row*: a | b", "table-row: 1,5 | 2"]);
    expect(outline(await createCsvParser().parse({ bytes: utf8("sep=|\nx|y\n") }))).toEqual(["table-row: x | y"]);
    expect(detectDelimiter("a\tb\tc\n1\t2\t3")).toBe("\t");
    expect(detectDelimiter("words only")).toBe(",");
  });

  it("warns about a guessed encoding", async () => {
    const document = await createCsvParser().parse({ bytes: Buffer.from("Straße;Größe\nÄußere;für\nMüller;schön\n", "latin1") });
    expect(document.warnings).toHaveLength(1);
  });
});

describe("parseDelimited", () => {
  it("survives quotes that never close", () => {
    expect(parseDelimited('a,"b\nc,d', ",")).toEqual([
      ["a", '"b'],
      ["c", "d"],
    ]);
    expect(parseDelimited('"a"x,b,', ",")).toEqual([["ax", "b", ""]]);
  });

  it("reads back what a writer wrote", () => {
    const field = fc.string().filter((text) => !text.includes("\r"));
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 5 }), (rows) => {
        const written = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(",")).join("\n");
        expect(parseDelimited(written, ",")).toEqual(rows);
      }),
    );
  });
});
