import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { collapseWhiteSpace, createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { officeMediaTypes } from "../media-type.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { missingPart, openOfficePackage } from "./office-package.ts";
import { appendTableRows } from "./table-rows.ts";
import { childAt, childElements, xmlText } from "./xml-tree.ts";
import type { XmlElement } from "./xml-tree.ts";

const maxRepeat = 100;

/** OpenDocument text, sheets and slides: headings, lists, tables; slides as pages, sheets as headings. */
export function createOpenDocumentParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: [officeMediaTypes.odt, officeMediaTypes.ods, officeMediaTypes.odp],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      const file = openOfficePackage(bytes, limits);
      const manifest = file.bytes("META-INF/manifest.xml");
      if (manifest !== null && Buffer.from(manifest).includes("encryption-data")) {
        throw new FootnoteError("document_encrypted", "The file is protected by a password; remove the password and upload it again.");
      }
      const body = childAt(file.xml("content.xml") ?? undefined, "document-content", "body");
      const content = childElements(body)[0];
      if (content === undefined) throw missingPart("content");
      throwIfAborted(signal);
      const builder = createDocumentBuilder(limits);
      const kind = content.name === "spreadsheet" ? "ods" : content.name === "presentation" ? "odp" : "odt";
      if (kind === "ods") for (const table of childElements(content, "table")) appendSheet(builder, table);
      else if (kind === "odp") appendSlides(builder, content, limits.maxPages);
      else appendContent(builder, content, null);
      const title = childAt(file.xml("meta.xml") ?? undefined, "document-meta", "meta", "title");
      return builder.build({ mediaType: officeMediaTypes[kind], title: title === undefined ? null : xmlText(title) });
    },
  };
}

interface List {
  group: number;
  depth: number;
}

function appendContent(builder: DocumentBuilder, element: XmlElement, list: List | null): void {
  let marked = false;
  for (const child of childElements(element)) {
    switch (child.name) {
      case "h":
        builder.heading({ level: Number(child.attributes["outline-level"] ?? 1), text: inlineText(child) });
        break;
      case "p": {
        const text = inlineText(child).trim();
        if (list === null) builder.append({ kind: "paragraph", text });
        else if (marked) builder.append({ kind: "paragraph", text, group: list.group });
        else builder.append({ kind: "list-item", text, level: list.depth, group: list.group });
        marked ||= text !== "";
        for (const box of textBoxes(child)) appendContent(builder, box, null);
        break;
      }
      case "list": {
        const inner = { group: list?.group ?? builder.newGroup(), depth: (list?.depth ?? 0) + 1 };
        for (const item of childElements(child)) appendContent(builder, item, inner);
        break;
      }
      case "table":
        appendTableRows(builder, tableRows(child));
        break;
      case "tracked-changes":
      case "table-of-content":
      case "forms":
      case "sequence-decls":
        break;
      default:
        appendContent(builder, child, list);
    }
  }
}

function appendSheet(builder: DocumentBuilder, table: XmlElement): void {
  const rows = tableRows(table);
  if (!rows.some((row) => row.some((cell) => cell !== ""))) return;
  builder.heading({ level: 1, text: table.attributes["table:name"] ?? table.attributes["name"] ?? "Sheet" });
  appendTableRows(builder, rows);
}

function appendSlides(builder: DocumentBuilder, presentation: XmlElement, maxPages: number): void {
  for (const [index, page] of childElements(presentation, "page").entries()) {
    if (index >= maxPages)
      throw new FootnoteError("document_too_many_pages", `The presentation has more than ${maxPages} slides; split it.`, {
        details: { maxPages },
      });
    builder.startPage({ number: index + 1 });
    for (const shape of childElements(page)) {
      if (shape.attributes["presentation:class"] === "title")
        builder.heading({ level: 1, text: collapseWhiteSpace([shape, ...textBoxes(shape)].map(inlineText).join(" ")) });
      else if (!/^(?:footer|date-time|page-number|header)$/u.test(shape.attributes["presentation:class"] ?? ""))
        appendContent(builder, shape, null);
    }
  }
}

function tableRows(table: XmlElement): string[][] {
  const rows: string[][] = [];
  for (const child of childElements(table)) {
    if (/^table-(?:header-rows|rows|row-group)$/u.test(child.name)) rows.push(...tableRows(child));
    if (child.name !== "table-row") continue;
    const row: string[] = [];
    for (const cell of childElements(child)) {
      if (cell.name !== "table-cell" && cell.name !== "covered-table-cell") continue;
      const text = collapseWhiteSpace(
        childElements(cell)
          .filter(({ name }) => name !== "annotation")
          .map(inlineText)
          .join(" "),
      );
      const repeat = Math.min(maxRepeat, Number(cell.attributes["number-columns-repeated"] ?? 1) || 1);
      for (let count = 0; count < repeat; count += 1) row.push(text);
    }
    const filled = row.some((cell) => cell !== "");
    const repeat = filled ? Math.min(maxRepeat, Number(child.attributes["number-rows-repeated"] ?? 1) || 1) : 1;
    for (let count = 0; count < repeat; count += 1) rows.push(row);
  }
  return rows;
}

function textBoxes(element: XmlElement): XmlElement[] {
  return childElements(element).flatMap((child) => (child.name === "text-box" ? [child] : textBoxes(child)));
}

/** Text of a paragraph: `text:s`, tabs and line breaks are elements; notes and comments are left to stand after their mark. */
function inlineText(element: XmlElement): string {
  return element.children
    .map((child) => {
      if (typeof child === "string") return child.replace(/\s+/gu, " ");
      if (child.name === "s") return " ".repeat(Math.min(maxRepeat, Number(child.attributes["text:c"] ?? 1) || 1));
      if (child.name === "tab") return "\t";
      if (child.name === "line-break") return "\n";
      if (child.name === "note") return ` (${collapseWhiteSpace(childElements(child, "note-body").map(inlineText).join(" "))})`;
      if (child.name === "annotation" || child.name === "text-box" || child.name === "ruby-text") return "";
      return inlineText(child);
    })
    .join("");
}
