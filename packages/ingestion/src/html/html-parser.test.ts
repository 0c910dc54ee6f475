import { spanFault } from "@footnote/core/testing";
import type { ParsedDocument } from "@footnote/core";
import { describe, expect, it } from "vitest";
import { outline, utf8 } from "../testing/outline.ts";
import { createHtmlParser } from "./html-parser.ts";

const parse = (html: string): Promise<ParsedDocument> => createHtmlParser().parse({ bytes: utf8(html) });
const prose = "The quick brown fox jumps over the lazy dog and runs away into the forest, where it stays until the evening comes.";

describe("createHtmlParser", () => {
  it("keeps the article and drops navigation, chrome, scripts and hidden text", async () => {
    const document =
      await parse(`<!doctype html><html lang="en"><head><title>Fox | Site</title><meta property="og:site_name" content="Site">
      <script>var a = "x";</script><style>p {}</style></head><body>
      <header><a href="/">Home</a></header><nav><ul><li><a href="/a">A</a><li><a href="/b">B</a></ul></nav>
      <div class="cookie-banner">We use cookies to improve what you see on this site, accept?</div>
      <main><h1>Fox</h1><p>${prose}</p><p hidden>secret one</p><p style="display: none">secret two</p><p aria-hidden="true">secret three</p>
      <div class="related-posts"><ul><li><a href="/c">Read this too</a></ul></div><p>${prose}</p></main>
      <aside>Buy now</aside><footer>© Site</footer></body></html>`);
    expect(outline(document)).toEqual(["heading1: Fox", `paragraph: ${prose}`, `paragraph: ${prose}`]);
    expect(document).toMatchObject({ title: "Fox", language: "en", mediaType: "text/html" });
  });

  it("reads lists, tables, code, quotes, captions and line breaks", async () => {
    const document = await parse(`<main><p>${prose}<br>second line<br><br>new paragraph</p>
      <ol start="3"><li>three<ul><li>deep</li></ul></li><li><p>four</p><p>more of four</p></li></ol>
      <dl><dt>term</dt><dd>meaning</dd></dl>
      <table><caption>Cap</caption><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><td><b>2</b></td></tr><tr><td></td><td></td></tr></tbody></table>
      <pre><code>  let x;
    y</code></pre><blockquote><p>said</p></blockquote><figure><img src="x"><figcaption>A figure</figcaption></figure></main>`);
    expect(outline(document)).toEqual([
      `paragraph: ${prose}\nsecond line`,
      "paragraph: new paragraph",
      "list-item1: 3. three",
      "list-item2: deep",
      "list-item1: 4. four",
      "paragraph: more of four",
      "list-item1: term",
      "list-item1: meaning",
      "caption: Cap",
      "table-row*: A | B",
      "table-row: 1 | 2",
      "code:   let x;\n    y",
      "quote: said",
      "caption: A figure",
    ]);
    expect(spanFault(document)).toBeNull();
  });

  it("reads a page laid out by tables as text", async () => {
    const document = await parse(`<body><table><tr><td><h2>Title</h2><p>${prose}</p></td><td>side</td></tr></table></body>`);
    expect(outline(document)).toEqual(["heading2: Title", `paragraph: ${prose}`, "paragraph: side"]);
  });

  it("keeps a page whole that has no prose", async () => {
    expect(
      (await parse("<body><div>a</div><ul><li><a href=x>b</a></li></ul><table><tr><td>1</td><td>2</td></tr></table></body>")).text,
    ).toBe("a\n\nb\n\n1 | 2");
    expect((await parse("plain words")).text).toBe("plain words");
  });

  it("keeps content whose wrapper has a chrome-like name or is a form", async () => {
    expect((await parse(`<body><form><div class="page-sidebar"><p>${prose}</p></div></form></body>`)).text).toBe(prose);
    expect((await parse(`<body><div class="modal"><p>${prose}</p></div></body>`)).text).toBe(prose);
    expect((await parse(`<body><aside><p>${prose}</p></aside></body>`)).text).toBe(prose);
  });

  it("drops reference marks, soft hyphens and boxes of links inside the content", async () => {
    const links = Array.from({ length: 8 }, (_, index) => `<li><a href="/${index}">More about ${index}</a></li>`).join("");
    const document = await parse(
      `<article><p>${prose}<sup class="reference">[1]</sup></p><div>See also<ul>${links}</ul></div><p>Hy&shy;phen ${prose}</p></article>`,
    );
    expect(document.text).toBe(`${prose}\n\nHyphen ${prose}`);
  });

  it("chooses the title from heading, og:title, title or first heading", async () => {
    const head = '<meta property="og:title" content="Open Graph | Site"><meta property="og:site_name" content="Site">';
    expect((await parse(`<head>${head}<title>Whatever</title></head><body>${prose}`)).title).toBe("Open Graph");
    expect((await parse(`<head><title>Only - Title</title></head><body>${prose}`)).title).toBe("Only - Title");
    expect((await parse(`<body><h1>Heading</h1>${prose}`)).title).toBe("Heading");
    expect((await parse(`<body>${prose}`)).title).toBeNull();
  });

  it("takes the encoding from the transport, a meta element or the XML declaration", async () => {
    const page = (head: string): Uint8Array => Buffer.from(`${head}<body><p>\u00cf\u00f0\u00e8\u00e2\u00e5\u00f2</p></body>`, "latin1");
    const parser = createHtmlParser();
    expect((await parser.parse({ bytes: page(""), mediaType: "text/html; charset=windows-1251" })).text).toBe("Привет");
    expect((await parser.parse({ bytes: page('<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">') })).text).toBe(
      "Привет",
    );
    expect((await parser.parse({ bytes: page('<?xml version="1.0" encoding="windows-1251"?>') })).text).toBe("Привет");
    expect((await parser.parse({ bytes: page("<p>caf\u00e9 fran\u00e7ais d\u00e9j\u00e0</p>") })).warnings).toHaveLength(1);
  });

  it("uses the page's language where the text is too short to tell", async () => {
    expect((await parse('<html lang="de-AT"><body><p>Hallo</p></body></html>')).language).toBe("de");
  });

  it("refuses a page without text", async () => {
    await expect(parse("<html><body><script>x()</script><nav>Menu</nav></body></html>")).rejects.toMatchObject({
      code: "document_has_no_text",
    });
  });

  it("keeps the words of hostile nesting", async () => {
    for (const mark of [
      "<div>",
      "<table><tr><td>",
      "<ul><li>",
      "<b>",
      "<a href=x>",
      "<span class=ad>",
      "<blockquote>a",
      "<",
      "<!--",
      "<svg>",
    ]) {
      const document = await parse(`<p>start here</p>${mark.repeat(5_000)}`);
      expect(document.text).toContain("start here");
      expect(spanFault(document)).toBeNull();
    }
  });
});
