import { throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { collapseWhiteSpace, createDocumentBuilder } from "../document-builder.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { decodeText } from "../text/decode-text.ts";
import { appendElement } from "./append-html.ts";
import { elementText, findElements, isHidden, parseHtmlTree } from "./html-tree.ts";
import type { HtmlElement } from "./html-tree.ts";
import { selectMainContent } from "./main-content.ts";

/** The main content of a web page without navigation, boilerplate, scripts and hidden text. */
export function createHtmlParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: ["text/html", "application/xhtml+xml"],
    parse: async ({ bytes, mediaType, signal }) => {
      throwIfAborted(signal);
      const builder = createDocumentBuilder(limits);
      const { text, encoding, guessed } = decodeText(bytes, declaredEncoding(bytes, mediaType));
      if (guessed) builder.warn(`The encoding was guessed as ${encoding}.`);
      const root = parseHtmlTree(text);
      const title = pageTitle(root);
      const language = pageLanguage(root);
      throwIfAborted(signal);
      appendElement(builder, selectMainContent(root));
      const document = builder.build({ mediaType: "text/html", title });
      return document.language === null && language !== null ? { ...document, language } : document;
    },
  };
}

/** The transport's charset, else the one of a `meta` element in the first 4 kB. */
function declaredEncoding(bytes: Uint8Array, mediaType: string | undefined): string | undefined {
  const fromHeader = /charset\s*=\s*["']?([\w.:-]+)/iu.exec(mediaType ?? "")?.[1];
  if (fromHeader !== undefined) return fromHeader;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).toString("latin1");
  return (
    /<meta[^>]{0,300}charset\s*=\s*["']?([\w.:-]+)/iu.exec(head)?.[1] ?? /<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]+)/iu.exec(head)?.[1]
  );
}

/** The page's own name: the first-level heading when the document title contains it, else og:title, else the title without the site's name. */
function pageTitle(root: HtmlElement): string | null {
  const text = (element: HtmlElement | undefined): string => (element === undefined ? "" : collapseWhiteSpace(elementText(element)));
  const title = text(findElements(root, ({ name }) => name === "title")[0]);
  const headings = findElements(root, (element) => element.name === "h1" && !isHidden(element))
    .map(text)
    .filter(Boolean);
  const property = (name: string): string =>
    findElements(root, (element) => element.name === "meta" && element.attributes["property"] === name)[0]?.attributes["content"] ?? "";
  const named = headings.find((heading) => heading.length > 3 && title.toLowerCase().includes(heading.toLowerCase()));
  const openGraph = collapseWhiteSpace(property("og:title"));
  if (named !== undefined) return named;
  if (openGraph !== "") return withoutSiteName(openGraph, property("og:site_name"));
  if (title !== "") return withoutSiteName(title, property("og:site_name"));
  return headings[0] ?? null;
}

function withoutSiteName(title: string, siteName: string): string {
  const site = collapseWhiteSpace(siteName).toLowerCase();
  const parts = title.split(/\s+[|–—·»-]\s+/u);
  if (site !== "" && parts.length > 1) {
    if (parts.at(-1)?.toLowerCase() === site) return title.slice(0, title.lastIndexOf(parts.at(-1) ?? "")).replace(/\s+[|–—·»-]\s+$/u, "");
  }
  return title;
}

function pageLanguage(root: HtmlElement): string | null {
  const html = findElements(root, ({ name }) => name === "html")[0];
  const tag = /^[a-z]{2,3}(?=$|[-_])/iu.exec(html?.attributes["lang"] ?? html?.attributes["xml:lang"] ?? "")?.[0];
  return tag?.toLowerCase() ?? null;
}
