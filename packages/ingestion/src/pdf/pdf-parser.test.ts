import { isFootnoteError } from "@footnote/core";
import type { ParsedDocument } from "@footnote/core";
import fc from "fast-check";
import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { checkParsedDocument } from "../sandbox/parsed-document-check.ts";
import { extractRawPdfText } from "./extract-raw-pdf-text.ts";
import { createPdfParser } from "./pdf-parser.ts";
import { put, writePdf } from "./testing/write-pdf.ts";

const parser = createPdfParser();

async function parse(bytes: Uint8Array): Promise<ParsedDocument> {
  const document = await parser.parse({ bytes });
  checkParsedDocument(document);
  return document;
}

function texts(document: ParsedDocument): string[] {
  return document.blocks.map((block) => `${block.kind}: ${document.text.slice(block.start, block.end)}`);
}

async function failure(bytes: Uint8Array, limits = {}): Promise<string> {
  const error: unknown = await createPdfParser({ limits })
    .parse({ bytes })
    .then(
      (document) => new Error(`parsed: ${document.text.slice(0, 80)}`),
      (reason: unknown) => reason,
    );
  if (!isFootnoteError(error)) throw error;
  return error.code;
}

const filler =
  "The quick station measures wind and rain every ten seconds and sends the figures to the office where they are kept for seven years.";

test("two columns under a full-width title are read column by column, and the table below them row by row", async () => {
  const bytes = await writePdf((pdf) => {
    put(pdf, "A report on the weather of the north", { x: 60, y: 60, size: 22, bold: true });
    pdf.font("Helvetica").fontSize(10);
    pdf.text(`First: ${filler}`, 60, 110, { width: 225 });
    pdf.text(`Second: ${filler}`, 60, pdf.y + 8, { width: 225 });
    pdf.text(`Third: ${filler}`, 310, 110, { width: 225 });
    pdf.text(`Fourth: ${filler}`, 310, pdf.y + 8, { width: 225 });
    put(pdf, "Figures", { x: 60, y: 330, size: 14, bold: true });
    const rows = [
      ["Town", "Rain", "Wind"],
      ["Bergen", "212", "11.4"],
      ["Oslo", "76", "4.9"],
      ["Tromsø", "98", "8.0"],
    ];
    for (const [index, row] of rows.entries()) {
      for (const [column, cell] of row.entries()) put(pdf, cell, { x: 60 + column * 160, y: 360 + index * 16, bold: index === 0 });
    }
    pdf.font("Helvetica").fontSize(10).text("The figures are means of ten years.", 60, 440);
  });
  const document = await parse(bytes);
  expect(document.title).toBe("A report on the weather of the north");
  expect(document.language).toBe("en");
  expect(texts(document)).toEqual([
    "heading: A report on the weather of the north",
    `paragraph: First: ${filler}`,
    `paragraph: Second: ${filler}`,
    `paragraph: Third: ${filler}`,
    `paragraph: Fourth: ${filler}`,
    "heading: Figures",
    "table-row: Town | Rain | Wind",
    "table-row: Bergen | 212 | 11.4",
    "table-row: Oslo | 76 | 4.9",
    "table-row: Tromsø | 98 | 8.0",
    "paragraph: The figures are means of ten years.",
  ]);
  const rows = document.blocks.filter((block) => block.kind === "table-row");
  expect(rows.map((row) => row.header ?? false)).toEqual([true, false, false, false]);
  expect(new Set(rows.map((row) => row.group)).size).toBe(1);
  expect(document.text).toContain("Town | Rain | Wind\nBergen | 212 | 11.4\nOslo");
  expect(rows[1]?.headingPath).toEqual(["A report on the weather of the north", "Figures"]);
});

test("running headers, footers and page numbers go; a paragraph goes on over the page break; hyphens are joined", async () => {
  const bytes = await writePdf(
    (pdf) => {
      for (let page = 1; page <= 4; page += 1) {
        if (page > 1) pdf.addPage();
        put(pdf, "Larkfield Instruments", { x: 60, y: 30, size: 8 });
        put(pdf, `Manual, edition ${page % 2}`, { x: 430, y: 30, size: 8 });
        put(pdf, `Page ${page} of 4`, { x: 270, y: 800, size: 8 });
        put(pdf, `Chapter ${page}`, { x: 60, y: 80, size: 16, bold: true });
        put(pdf, `The well-known instru-`, { x: 60, y: 110 });
        put(pdf, `ments of chapter ${page} are cali-`, { x: 60, y: 122 });
        put(pdf, `brated by well-`, { x: 60, y: 134 });
        put(pdf, `known people of the office.`, { x: 60, y: 146 });
      }
      put(pdf, "The last paragraph of this page goes on and", { x: 60, y: 700 });
      pdf.addPage();
      put(pdf, "Larkfield Instruments", { x: 60, y: 30, size: 8 });
      put(pdf, "ends on the next one.", { x: 60, y: 80 });
    },
    { margin: 0 },
  );
  const document = await parse(bytes);
  const body = [1, 2, 3, 4].flatMap((chapter) => [
    `heading: Chapter ${chapter}`,
    `paragraph: The well-known instruments of chapter ${chapter} are calibrated by well-known people of the office.`,
  ]);
  expect(texts(document)).toEqual([...body, "paragraph: The last paragraph of this page goes on and ends on the next one."]);
  expect(document.pages.map((page) => page.number)).toEqual([1, 2, 3, 4, 5]);
  expect(document.blocks.at(-1)?.boxes?.map((box) => box.page)).toEqual([4, 5]);
  expect(document.blocks.filter((block) => block.kind === "heading").map((block) => block.page)).toEqual([1, 2, 3, 4]);
});

test("lists keep their nesting and numbers, ligatures become letters, code its lines, boxes the place on the page", async () => {
  const bytes = await writePdf((pdf) => {
    put(pdf, "Setting up", { x: 60, y: 60, size: 18, bold: true });
    put(pdf, "•", { x: 64, y: 100 });
    put(pdf, "the office key, which is kept in the drawer of the desk", { x: 80, y: 100 });
    put(pdf, "beside the door", { x: 80, y: 113 });
    put(pdf, "–", { x: 84, y: 126 });
    put(pdf, "its copy", { x: 96, y: 126 });
    put(pdf, "•", { x: 64, y: 139 });
    put(pdf, "a lamp", { x: 80, y: 139 });
    put(pdf, "Then do this in order, without leaving out a step, and take your time for it:", { x: 60, y: 165 });
    put(pdf, "1. Open the door.", { x: 64, y: 185 });
    put(pdf, "2. Switch on the light.", { x: 64, y: 198 });
    pdf.font("Courier").fontSize(9);
    pdf.text("if ready:", 60, 225, { lineBreak: false });
    pdf.text("start()", 82, 236, { lineBreak: false });
    put(pdf, "Nothing else is needed for the start of the station.", { x: 60, y: 260 });
  });
  const document = await parse(bytes);
  expect(texts(document)).toEqual([
    "heading: Setting up",
    "list-item: the office key, which is kept in the drawer of the desk beside the door",
    "list-item: its copy",
    "list-item: a lamp",
    "paragraph: Then do this in order, without leaving out a step, and take your time for it:",
    "list-item: 1. Open the door.",
    "list-item: 2. Switch on the light.",
    "code: if ready:\n    start()",
    "paragraph: Nothing else is needed for the start of the station.",
  ]);
  expect(document.blocks.slice(1, 4).map((block) => block.level)).toEqual([1, 2, 1]);
  const [box] = document.blocks[0]?.boxes ?? [];
  expect(box).toMatchObject({ page: 1, x: 60 });
  expect(box?.y).toBeGreaterThan(55);
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(85);
  expect(document.pages[0]).toMatchObject({ number: 1, start: 0, end: document.text.length });
});

test("a table goes on over a page break in one group, without its repeated header; wrapped cells stay in their row", async () => {
  const bytes = await writePdf(
    (pdf) => {
      for (const page of [1, 2]) {
        if (page === 2) pdf.addPage();
        for (const [column, cell] of ["Part", "Use", "Price"].entries()) put(pdf, cell, { x: 60 + column * 150, y: 140, bold: true });
        for (let row = 0; row < 4; row += 1) {
          const y = 165 + row * 30;
          put(pdf, `Part ${page}${row}`, { x: 60, y });
          put(pdf, "for stations by", { x: 210, y });
          put(pdf, "the sea", { x: 210, y: y + 11 });
          put(pdf, `${page}${row}.50`, { x: 360, y });
        }
      }
    },
    { margin: 0 },
  );
  const document = await parse(bytes);
  const rows = [1, 2].flatMap((page) =>
    [0, 1, 2, 3].map((row) => `table-row: Part ${page}${row} | for stations by the sea | ${page}${row}.50`),
  );
  expect(texts(document)).toEqual(["table-row: Part | Use | Price", ...rows]);
  expect(new Set(document.blocks.map((block) => block.group)).size).toBe(1);
});

test("rotated text is read as text, with its box on the page", async () => {
  const bytes = await writePdf((pdf) => {
    put(pdf, "Upright text of the page, read before what stands at its side.", { x: 60, y: 60 });
    pdf.save().rotate(90, { origin: [500, 200] });
    put(pdf, "A note that runs downwards", { x: 500, y: 200 });
    pdf.restore();
  });
  const document = await parse(bytes);
  expect(texts(document)).toEqual([
    "paragraph: Upright text of the page, read before what stands at its side.",
    "paragraph: A note that runs downwards",
  ]);
  const [box] = document.blocks[1]?.boxes ?? [];
  expect(box?.height).toBeGreaterThan(100);
  expect(box?.width).toBeLessThan(15);
});

test("headings come from the outline where their size tells nothing", async () => {
  const bytes = await writePdf((pdf) => {
    for (const title of ["Introduction", "Results"]) {
      pdf.outline.addItem(title);
      pdf.font("Helvetica").fontSize(10).text(title).moveDown();
      pdf.text(filler).moveDown();
    }
  });
  expect(texts(await parse(bytes))).toEqual(["heading: Introduction", `paragraph: ${filler}`, "heading: Results", `paragraph: ${filler}`]);
});

test("the title of the file's properties counts unless a program put it there", async () => {
  const draw = (pdf: Parameters<Parameters<typeof writePdf>[0]>[0]): void => {
    pdf.fontSize(10).text(filler);
  };
  expect((await parse(await writePdf(draw, { info: { Title: "Rules of the house" } }))).title).toBe("Rules of the house");
  for (const title of ["Microsoft Word - rules.doc", "untitled", "rules.docx", "x"]) {
    expect((await parse(await writePdf(draw, { info: { Title: title } }))).title).toBeNull();
  }
});

test("what cannot be read says why", async () => {
  const draw = (pdf: Parameters<Parameters<typeof writePdf>[0]>[0]): void => {
    pdf.text(filler);
  };
  const whole = await writePdf(draw);
  expect(await failure(await writePdf(draw, { userPassword: "secret" }))).toBe("document_encrypted");
  expect(await failure(whole.subarray(0, whole.length * 0.6))).toBe("document_corrupt");
  expect(await failure(Buffer.from("%PDF-1.7\nnothing of a PDF\n%%EOF"))).toBe("document_corrupt");
  expect(await failure(await writePdf(() => {}))).toBe("document_has_no_text");
  const pixel = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
  expect(await failure(await writePdf((pdf) => void pdf.image(pixel, 0, 0, { width: 500 })))).toBe("document_image_only");
  const pages = await writePdf((pdf) => {
    for (let page = 0; page < 5; page += 1) pdf.addPage().text("x");
  });
  expect(await failure(pages, { maxPages: 5 })).toBe("document_too_many_pages");
  expect(await failure(whole, { maxTextLength: 50 })).toBe("document_too_large");
  expect(await failure(await writePdf(draw, { ownerPassword: "owner" }).then((bytes) => bytes.subarray(0, 0)))).toBe("document_corrupt");
});

test("a bomb of nested streams is met before it is unpacked", async () => {
  const inner = deflateSync(deflateSync(Buffer.alloc(64 * 1024 * 1024, " ")));
  const head =
    "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n";
  const bomb = Buffer.concat([
    Buffer.from(`${head}4 0 obj<</Filter[/FlateDecode/FlateDecode]/Length ${inner.length}>>stream\n`),
    inner,
    Buffer.from("\nendstream endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"),
  ]);
  expect(bomb.length).toBeLessThan(20_000);
  expect(await failure(bomb, { maxInflatedBytes: 8 * 1024 * 1024 })).toBe("document_too_large");
});

test("an abort stops between two pages", async () => {
  const bytes = await writePdf((pdf) => {
    for (let page = 0; page < 30; page += 1) pdf.addPage().text(filler);
  });
  const controller = new AbortController();
  const running = parser.parse({ bytes, signal: controller.signal });
  setTimeout(() => controller.abort(), 5);
  await expect(running).rejects.toMatchObject({ code: "cancelled" });
});

test("damaged files give a document or an error about the document, never anything else", async () => {
  const whole = await writePdf((pdf) => {
    pdf.text(filler);
    put(pdf, "Other text", { x: 60, y: 300, size: 20, bold: true });
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 60 }), async (changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      const outcome: unknown = await parser.parse({ bytes }).then(
        (document) => checkParsedDocument(document),
        (error: unknown) => error,
      );
      if (outcome instanceof Error && !isFootnoteError(outcome)) throw outcome;
    }),
    { numRuns: 40 },
  );
});

test("raw text is what the pages hold, headers included", async () => {
  const bytes = await writePdf((pdf) => {
    pdf.text("First page").addPage().text("Second page");
  });
  expect((await extractRawPdfText(bytes)).map((page) => page.trim())).toEqual(["First page", "Second page"]);
});
