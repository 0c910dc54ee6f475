import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { createDocumentBuilder } from "../document-builder.ts";
import { appendElement } from "../html/append-html.ts";
import { findElements, parseHtmlTree } from "../html/html-tree.ts";
import { officeMediaTypes } from "../media-type.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { decodeText } from "../text/decode-text.ts";
import { missingPart, openOfficePackage } from "./office-package.ts";
import { childAt, childElements, descendants, xmlText } from "./xml-tree.ts";

/** Books: the chapters of the spine in order, each read as HTML; tables of contents (`nav`) are left out. */
export function createEpubParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: [officeMediaTypes.epub],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      const file = openOfficePackage(bytes, limits);
      const container = file.xml("META-INF/container.xml");
      const path = container === null ? undefined : descendants(container, "rootfile")[0]?.attributes["full-path"];
      const book = path === undefined ? undefined : childAt(file.xml(path) ?? undefined, "package");
      if (path === undefined || book === undefined) throw missingPart("package description");
      if (file.names.includes("META-INF/encryption.xml") && file.names.includes("META-INF/rights.xml")) {
        throw new FootnoteError("document_encrypted", "The book is protected against copying and cannot be read.");
      }
      const folder = path.slice(0, path.lastIndexOf("/") + 1);
      const items = new Map(childElements(childAt(book, "manifest"), "item").map(({ attributes }) => [attributes["id"] ?? "", attributes]));
      const builder = createDocumentBuilder(limits);
      for (const [index, reference] of childElements(childAt(book, "spine"), "itemref").entries()) {
        throwIfAborted(signal);
        if (index >= limits.maxPages)
          throw new FootnoteError("document_too_many_pages", `The book has more than ${limits.maxPages} chapters; split it.`, {
            details: { maxPages: limits.maxPages },
          });
        const item = items.get(reference.attributes["idref"] ?? "");
        if (item === undefined || /\bnav\b/u.test(item["properties"] ?? "")) continue;
        const chapter = file.bytes(chapterName(folder, item["href"] ?? ""));
        if (chapter === null) {
          builder.warn(`Chapter ${index + 1} is missing from the file.`);
          continue;
        }
        const root = parseHtmlTree(decodeText(chapter).text, { xml: true });
        appendElement(builder, findElements(root, ({ name }) => name === "body")[0] ?? root);
      }
      const title = descendants(childAt(book, "metadata") ?? book, "title")[0];
      return builder.build({ mediaType: officeMediaTypes.epub, title: title === undefined ? null : xmlText(title) });
    },
  };
}

function chapterName(folder: string, href: string): string {
  try {
    return folder + decodeURIComponent(href.split("#")[0] ?? "");
  } catch {
    return folder + href;
  }
}
