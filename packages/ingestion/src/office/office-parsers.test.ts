import { describe, expect, it } from "vitest";
import { officeMediaTypes } from "../media-type.ts";
import { outline, utf8 } from "../testing/outline.ts";
import { zipArchive } from "../testing/zip-archive.ts";
import { createDocxParser } from "./docx-parser.ts";
import { createEpubParser } from "./epub-parser.ts";
import { createOpenDocumentParser } from "./opendocument-parser.ts";
import { createPptxParser } from "./pptx-parser.ts";
import { createRtfParser } from "./rtf-parser.ts";
import { createXlsxParser } from "./xlsx-parser.ts";

const relationships = (entries: Record<string, [type: string, target: string]>): string =>
  `<Relationships>${Object.entries(entries)
    .map(([id, [type, target]]) => `<Relationship Id="${id}" Type="http://x/${type}" Target="${target}"/>`)
    .join("")}</Relationships>`;

const paragraph = (text: string, properties = ""): string => `<w:p><w:pPr>${properties}</w:pPr><w:r><w:t>${text}</w:t></w:r></w:p>`;

function docx(body: string, more: Record<string, string> = {}): Uint8Array {
  return zipArchive({
    "_rels/.rels": relationships({ r1: ["officeDocument", "word/document.xml"] }),
    "word/_rels/document.xml.rels": relationships({
      s: ["styles", "styles.xml"],
      n: ["numbering", "numbering.xml"],
      f: ["footnotes", "/word/footnotes.xml"],
    }),
    "word/document.xml": `<w:document xmlns:w="w" xmlns:mc="mc"><w:body>${body}</w:body></w:document>`,
    ...more,
  });
}

describe("createDocxParser", () => {
  it("reads headings by style, lists by numbering, tables, text boxes and footnotes", async () => {
    const bytes = docx(
      [
        paragraph("Title", '<w:pStyle w:val="T"/>'),
        paragraph("Contents 1", '<w:pStyle w:val="Toc"/>'),
        paragraph("Head", '<w:pStyle w:val="Mine"/>'),
        "<w:p><w:r><w:t>shown </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t>in</w:t><w:tab/><w:t>s</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:hyperlink><w:r><w:t> link</w:t><w:noBreakHyphen/></w:r></w:hyperlink><w:r><w:br/><w:t>line</w:t></w:r></w:p>",
        paragraph("one", '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'),
        paragraph("sub", '<w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr>'),
        paragraph("two", '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'),
        paragraph("dot", '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="2"/></w:numPr>'),
        `<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr><w:tc>${paragraph("A")}</w:tc><w:tc>${paragraph("B")}</w:tc></w:tr><w:tr><w:tc>${paragraph("1")}</w:tc><w:sdt><w:sdtContent><w:tc>${paragraph("2")}${paragraph("3")}</w:tc></w:sdtContent></w:sdt></w:tr></w:tbl>`,
        paragraph("let x", '<w:pStyle w:val="Code"/>'),
        paragraph("  y", '<w:pStyle w:val="Code"/>'),
        paragraph("said", '<w:pStyle w:val="Quote"/>'),
        paragraph("fig", '<w:pStyle w:val="Caption"/>'),
        `<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>${paragraph("boxed")}</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>${paragraph("boxed")}</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>`,
      ].join(""),
      {
        "word/styles.xml":
          '<w:styles xmlns:w="w"><w:style w:styleId="T"><w:name w:val="Title"/></w:style><w:style w:styleId="Toc"><w:name w:val="toc 1"/></w:style><w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style><w:style w:styleId="Mine"><w:name w:val="Mine"/><w:basedOn w:val="H2"/></w:style><w:style w:styleId="Code"><w:name w:val="Source Code"/></w:style><w:style w:styleId="Quote"><w:name w:val="Quote"/></w:style><w:style w:styleId="Caption"><w:name w:val="caption"/></w:style></w:styles>',
        "word/numbering.xml":
          '<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="lowerRoman"/></w:lvl></w:abstractNum><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num></w:numbering>',
        "word/footnotes.xml": `<w:footnotes xmlns:w="w"><w:footnote w:type="separator">${paragraph("---")}</w:footnote><w:footnote w:id="2">${paragraph("A note.")}</w:footnote></w:footnotes>`,
      },
    );
    const document = await createDocxParser().parse({ bytes });
    expect(document).toMatchObject({ title: "Title", mediaType: officeMediaTypes.docx });
    expect(outline(document)).toEqual([
      "heading1: Title",
      "heading2: Head",
      "paragraph: shown in\ts link-\nline",
      "list-item1: 3. one",
      "list-item2: i. sub",
      "list-item1: 4. two",
      "list-item1: dot",
      "table-row*: A | B",
      "table-row: 1 | 2 3",
      "code: let x\n  y",
      "quote: said",
      "caption: fig",
      "paragraph: boxed",
      "paragraph: A note.",
    ]);
  });

  it("refuses bombs, entities, damage and protection with their reasons", async () => {
    const parse = (bytes: Uint8Array): Promise<unknown> => createDocxParser({ limits: { maxInflatedBytes: 1_000_000 } }).parse({ bytes });
    await expect(parse(zipArchive({ "word/document.xml": Buffer.alloc(2_000_000, 65) }))).rejects.toMatchObject({
      code: "document_too_large",
    });
    await expect(parse(zipArchive({ "word/document.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>' }))).rejects.toMatchObject({
      code: "document_corrupt",
    });
    await expect(parse(zipArchive({ "word/document.xml": "<w:document><w:body>" }))).rejects.toMatchObject({ code: "document_corrupt" });
    await expect(parse(zipArchive({ "word/document.xml": "<x/>" }))).rejects.toMatchObject({ code: "document_corrupt" });
    await expect(parse(zipArchive({ "word/document.xml": `${"<a>".repeat(1000)}${"</a>".repeat(1000)}` }))).rejects.toMatchObject({
      code: "document_too_large",
    });
    await expect(parse(Buffer.from("d0cf11e0a1b11ae1", "hex"))).rejects.toMatchObject({ code: "document_encrypted" });
    await expect(parse(docx(""))).rejects.toMatchObject({ code: "document_has_no_text" });
  });
});

describe("createPptxParser", () => {
  const shape = (type: string, lines: readonly string[]): string =>
    `<p:sp><p:nvSpPr><p:nvPr>${type === "" ? "" : `<p:ph type="${type}"/>`}</p:nvPr></p:nvSpPr><p:txBody>${lines.map((line) => `<a:p><a:r><a:t>${line}</a:t></a:r></a:p>`).join("")}</p:txBody></p:sp>`;
  const slide = (shapes: string): string => `<p:sld xmlns:p="p" xmlns:a="a"><p:cSld><p:spTree>${shapes}</p:spTree></p:cSld></p:sld>`;
  const bytes = zipArchive({
    "ppt/presentation.xml":
      '<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst><p:sldId r:id="b"/><p:sldId r:id="a"/><p:sldId r:id="z"/></p:sldIdLst><p:sldSz cx="12700000" cy="6350000"/></p:presentation>',
    "ppt/_rels/presentation.xml.rels": relationships({
      a: ["slide", "slides/slide1.xml"],
      b: ["slide", "slides/slide2.xml"],
      z: ["slide", "slides/gone.xml"],
    }),
    "ppt/slides/slide2.xml": slide(
      `${shape("body", ["first", "second"])}${shape("title", ["Hello", "there"])}${shape("sldNum", ["7"])}<p:grpSp>${shape("", ["free"])}</p:grpSp>`,
    ),
    "ppt/slides/slide1.xml": slide(
      `${shape("ctrTitle", ["Second"])}<p:graphicFrame><a:graphic><a:tbl><a:tblPr firstRow="1"/><a:tr><a:tc><p:txBody><a:p><a:r><a:t>A</a:t></a:r></a:p></p:txBody></a:tc><a:tc><p:txBody><a:p><a:fld><a:t>B</a:t></a:fld></a:p></p:txBody></a:tc></a:tr></a:tbl></a:graphic></p:graphicFrame>`,
    ),
    "ppt/slides/_rels/slide1.xml.rels": relationships({ n: ["notesSlide", "../notesSlides/n.xml"] }),
    "ppt/notesSlides/n.xml": slide(shape("body", ["Say this."])),
  });

  it("reads the nodes of SmartArt, without its connections and prompts", async () => {
    const point = (attributes: string, text: string, settings = ""): string =>
      `<d:pt ${attributes}><d:prSet ${settings}/><d:t><a:p><a:r><a:t>${text}</a:t></a:r></a:p></d:t></d:pt>`;
    const chart = zipArchive({
      "ppt/presentation.xml":
        '<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst><p:sldId r:id="a"/><p:sldId r:id="b"/></p:sldIdLst></p:presentation>',
      "ppt/_rels/presentation.xml.rels": relationships({ a: ["slide", "slides/slide1.xml"], b: ["slide", "slides/slide2.xml"] }),
      "ppt/slides/slide1.xml": slide(
        '<p:graphicFrame><a:graphic><d:relIds xmlns:d="d" xmlns:r="r" r:dm="m"/></a:graphic></p:graphicFrame>',
      ),
      "ppt/slides/slide2.xml": slide(
        '<p:graphicFrame><a:graphic><d:relIds xmlns:d="d" xmlns:r="r" r:dm="gone"/></a:graphic></p:graphicFrame>',
      ),
      "ppt/slides/_rels/slide1.xml.rels": relationships({ m: ["diagramData", "../diagrams/data1.xml"] }),
      "ppt/diagrams/data1.xml": `<d:dataModel xmlns:d="d" xmlns:a="a"><d:ptLst>${point("", "President")}${point('type="asst"', "Assistant")}${point('type="sibTrans"', "line")}${point('type="node"', "[Text]", 'phldr="1"')}</d:ptLst></d:dataModel>`,
    });
    const document = await createPptxParser().parse({ bytes: chart });
    expect(outline(document)).toEqual(["list-item: President", "list-item: Assistant"]);
    expect(document.blocks.map(({ page }) => page)).toEqual([1, 1]);
  });

  it("reads slides in order as pages with titles, lists, tables and notes", async () => {
    const document = await createPptxParser().parse({ bytes });
    expect(outline(document)).toEqual([
      "heading1: Hello there",
      "list-item1: first",
      "list-item1: second",
      "paragraph: free",
      "heading1: Second",
      "table-row*: A | B",
      "paragraph: Say this.",
    ]);
    expect(document.pages.map(({ number, width, height }) => [number, width, height])).toEqual([
      [1, 1000, 500],
      [2, 1000, 500],
    ]);
    expect(document.blocks.map(({ page }) => page)).toEqual([1, 1, 1, 1, 2, 2, 2]);
    expect(document).toMatchObject({ title: "Hello there", warnings: ["Slide 3 is missing from the file."] });
  });

  it("bounds the slides", async () => {
    await expect(createPptxParser({ limits: { maxPages: 1 } }).parse({ bytes })).rejects.toMatchObject({ code: "document_too_many_pages" });
    await expect(createPptxParser().parse({ bytes: zipArchive({ "ppt/x.xml": "" }) })).rejects.toMatchObject({ code: "document_corrupt" });
  });
});

describe("createXlsxParser", () => {
  const bytes = zipArchive({
    "xl/workbook.xml":
      '<workbook xmlns:r="r"><sheets><sheet name="Prices" r:id="a"/><sheet name="Secret" state="hidden" r:id="b"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": relationships({
      a: ["worksheet", "worksheets/sheet1.xml"],
      b: ["worksheet", "worksheets/sheet2.xml"],
      s: ["sharedStrings", "sharedStrings.xml"],
      t: ["styles", "styles.xml"],
    }),
    "xl/sharedStrings.xml": "<sst><si><t>Item</t></si><si><r><t>Pri</t></r><r><t>ce</t></r><rPh><t>x</t></rPh></si></sst>",
    "xl/styles.xml":
      '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy hh:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="10"/><xf numFmtId="170"/><xf numFmtId="20"/></cellXfs></styleSheet>',
    "xl/worksheets/sheet1.xml":
      '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>Pen</t></is></c><c r="B2" t="b"><v>1</v></c><c r="C2"><v>0.30000000000000004</v></c></row><row r="9"><c r="A9" s="1"><v>46082</v></c><c s="2"><v>0.125</v></c><c s="3"><v>46082.5</v></c><c s="4"><v>0.25</v></c><c t="str"><f>A1</f><v>res</v></c><c t="e"><v>#REF!</v></c></row></sheetData></worksheet>',
    "xl/worksheets/sheet2.xml": "<worksheet/>",
  });

  it("reads sheets as headings and rows with values as they are shown", async () => {
    const document = await createXlsxParser().parse({ bytes });
    expect(outline(document)).toEqual([
      "heading1: Prices",
      "table-row*: Item |  | Price",
      "table-row: Pen | TRUE | 0.3",
      "table-row: 2026-03-01 | 12.5% | 2026-03-01 12:00 | 06:00 | res | #REF!",
    ]);
    expect(document.warnings).toEqual(["A hidden sheet was left out."]);
    expect(new Set(document.blocks.map(({ group }) => group)).size).toBe(3);
  });

  it("bounds the sheets and says when the workbook is missing", async () => {
    await expect(createXlsxParser({ limits: { maxPages: 0 } }).parse({ bytes })).rejects.toMatchObject({ code: "document_too_many_pages" });
    await expect(createXlsxParser().parse({ bytes: zipArchive({ a: "" }) })).rejects.toMatchObject({ code: "document_corrupt" });
  });
});

describe("createOpenDocumentParser", () => {
  const odf = (body: string, more: Record<string, string> = {}): Uint8Array =>
    zipArchive({
      "content.xml": `<o:document-content xmlns:o="o" xmlns:text="t" xmlns:table="tb" xmlns:draw="d" xmlns:presentation="p"><o:body>${body}</o:body></o:document-content>`,
      ...more,
    });

  it("reads text with headings, lists, tables, notes and boxes", async () => {
    const bytes = odf(
      '<o:text><text:h text:outline-level="2">Head</text:h><text:p>a<text:s text:c="2"/>b<text:tab/>c<text:line-break/>d<text:note><text:note-body><text:p>note</text:p></text:note-body></text:note><draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame></text:p><text:list><text:list-item><text:p>one</text:p><text:p>more</text:p><text:list><text:list-item><text:p>deep</text:p></text:list-item></text:list></text:list-item></text:list><table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell><text:p>B</text:p></table:table-cell></table:table-row></table:table-header-rows><table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>1</text:p></table:table-cell></table:table-row></table:table><text:tracked-changes><text:p>gone</text:p></text:tracked-changes></o:text>',
      { "meta.xml": "<o:document-meta xmlns:o='o' xmlns:dc='dc'><o:meta><dc:title>T</dc:title></o:meta></o:document-meta>" },
    );
    const document = await createOpenDocumentParser().parse({ bytes });
    expect(document).toMatchObject({ title: "T", mediaType: officeMediaTypes.odt });
    expect(outline(document)).toEqual([
      "heading2: Head",
      "paragraph: a  b\tc\nd (note)",
      "paragraph: box",
      "list-item1: one",
      "paragraph: more",
      "list-item2: deep",
      "table-row*: A | B",
      "table-row: 1 | 1",
    ]);
  });

  it("reads sheets and slides", async () => {
    const sheet = await createOpenDocumentParser().parse({
      bytes: odf(
        '<o:spreadsheet><table:table table:name="S"><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table><table:table/></o:spreadsheet>',
      ),
    });
    expect(outline(sheet)).toEqual(["heading1: S", "table-row: x"]);
    const slides =
      '<o:presentation><draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>T</text:p></draw:text-box></draw:frame><draw:frame presentation:class="footer"><text:p>f</text:p></draw:frame><draw:frame><draw:text-box><text:p>b</text:p></draw:text-box></draw:frame></draw:page></o:presentation>';
    const document = await createOpenDocumentParser().parse({ bytes: odf(slides) });
    expect(outline(document)).toEqual(["heading1: T", "paragraph: b"]);
    expect(document.pages).toHaveLength(1);
    await expect(createOpenDocumentParser({ limits: { maxPages: 0 } }).parse({ bytes: odf(slides) })).rejects.toMatchObject({
      code: "document_too_many_pages",
    });
  });

  it("says when a file is protected or has no content", async () => {
    await expect(
      createOpenDocumentParser().parse({ bytes: odf("", { "META-INF/manifest.xml": "<m><encryption-data/></m>" }) }),
    ).rejects.toMatchObject({ code: "document_encrypted" });
    await expect(createOpenDocumentParser().parse({ bytes: odf("") })).rejects.toMatchObject({ code: "document_corrupt" });
  });
});

describe("createEpubParser", () => {
  const container = '<container><rootfiles><rootfile full-path="O/b.opf"/></rootfiles></container>';
  const book =
    '<package xmlns:dc="dc"><metadata><dc:title>Book</dc:title></metadata><manifest><item id="n" href="n.xhtml" properties="nav"/><item id="a" href="a%20b.xhtml"/><item id="z" href="%zz"/></manifest><spine><itemref idref="n"/><itemref idref="a"/><itemref idref="z"/><itemref idref="?"/></spine></package>';

  it("reads the chapters of the spine", async () => {
    const bytes = zipArchive({
      "META-INF/container.xml": container,
      "O/b.opf": book,
      "O/a b.xhtml": "<html><head><title/></head><body><h1>One</h1><p>Text.</p></body></html>",
    });
    const document = await createEpubParser().parse({ bytes });
    expect(outline(document)).toEqual(["heading1: One", "paragraph: Text."]);
    expect(document).toMatchObject({ title: "Book", warnings: ["Chapter 3 is missing from the file."] });
    await expect(createEpubParser({ limits: { maxPages: 1 } }).parse({ bytes })).rejects.toMatchObject({ code: "document_too_many_pages" });
  });

  it("says when a book is protected or incomplete", async () => {
    await expect(createEpubParser().parse({ bytes: zipArchive({ x: "" }) })).rejects.toMatchObject({ code: "document_corrupt" });
    const bytes = zipArchive({
      "META-INF/container.xml": container,
      "O/b.opf": book,
      "META-INF/encryption.xml": "<x/>",
      "META-INF/rights.xml": "<x/>",
    });
    await expect(createEpubParser().parse({ bytes })).rejects.toMatchObject({ code: "document_encrypted" });
  });
});

describe("createRtfParser", () => {
  it("reads paragraphs, rows, escapes and code pages, and drops what is not body text", async () => {
    const source = String.raw`{\rtf1\ansi\ansicpg1251\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 X;}}{\header head}{\*\generator gen;}\f1\'cf\'f0\f0 caf\'e9 \u8364?\~\{x\}\par a\cell b\cell\row {\v hidden}{\pict 00ff}\bin3 abc end\line two\emdash }`;
    const document = await createRtfParser().parse({ bytes: utf8(source) });
    expect(outline(document)).toEqual(["paragraph: Прcafй € {x}", "table-row: a | b", "paragraph: end\ntwo—"]);
  });

  it("refuses hostile nesting", async () => {
    await expect(createRtfParser().parse({ bytes: utf8(`{\\rtf1 ${"{".repeat(5000)}`) })).rejects.toMatchObject({
      code: "document_corrupt",
    });
  });
});
