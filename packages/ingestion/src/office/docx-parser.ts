import { throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { collapseWhiteSpace, createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { officeMediaTypes } from "../media-type.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { createListNumbering, readNumbering } from "./docx-numbering.ts";
import type { ListNumbering } from "./docx-numbering.ts";
import { missingPart, openOfficePackage } from "./office-package.ts";
import { childAt, childElements } from "./xml-tree.ts";
import type { XmlElement } from "./xml-tree.ts";

/** Word documents: headings by style, lists, tables row by row, footnotes at the end; headers, footers and deleted text are left out. */
export function createDocxParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: [officeMediaTypes.docx],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      const file = openOfficePackage(bytes, limits);
      const main = [...file.relationships("").values()].find(({ type }) => type === "officeDocument")?.target ?? "word/document.xml";
      const body = childAt(file.xml(main) ?? undefined, "document", "body");
      if (body === undefined) throw missingPart("document body");
      const parts = [...file.relationships(main).values()];
      const part = (type: string): XmlElement | null => {
        const target = parts.find((relationship) => relationship.type === type)?.target;
        return target === undefined ? null : file.xml(target);
      };
      const builder = createDocumentBuilder(limits);
      const reader = createBodyReader(builder, {
        styles: readStyles(part("styles")),
        numbering: createListNumbering(readNumbering(part("numbering"))),
      });
      reader.read(body);
      throwIfAborted(signal);
      for (const type of ["footnote", "endnote"]) {
        const notes = childElements(part(`${type}s`) ?? undefined)[0];
        for (const note of childElements(notes, type)) {
          if (note.attributes["type"] === undefined || note.attributes["type"] === "normal") reader.read(note);
        }
      }
      return builder.build({ mediaType: officeMediaTypes.docx, title: reader.title() ?? file.title() });
    },
  };
}

interface Style {
  /** Lower-cased name as Word stores it, English whatever the user's language. */
  name: string;
  outlineLevel: number | null;
  numberId: string | null;
  basedOn: string | null;
}

function readStyles(root: XmlElement | null): Map<string, Style> {
  const styles = new Map<string, Style>();
  for (const style of childElements(childElements(root ?? undefined)[0], "style")) {
    const properties = childAt(style, "pPr");
    const level = childAt(properties, "outlineLvl")?.attributes["val"];
    styles.set(style.attributes["styleId"] ?? "", {
      name: (childAt(style, "name")?.attributes["val"] ?? "").toLowerCase(),
      outlineLevel: level === undefined ? null : Number(level),
      numberId: childAt(properties, "numPr", "numId")?.attributes["val"] ?? null,
      basedOn: childAt(style, "basedOn")?.attributes["val"] ?? null,
    });
  }
  return styles;
}

/** A style and those it is based on, nearest first; at most ten, since files with circles exist. */
function styleChain(styles: ReadonlyMap<string, Style>, id: string | undefined): Style[] {
  const chain: Style[] = [];
  let next: string | null | undefined = id;
  while (next !== null && next !== undefined && chain.length < 10) {
    const style = styles.get(next);
    if (style === undefined) break;
    chain.push(style);
    next = style.basedOn;
  }
  return chain;
}

function headingLevel(chain: readonly Style[], paragraph: XmlElement | undefined): number | null {
  const own = childAt(paragraph, "outlineLvl")?.attributes["val"];
  if (own !== undefined && Number(own) < 9) return Number(own) + 1;
  for (const style of chain) {
    const named = /^heading (\d)/u.exec(style.name)?.[1];
    if (named !== undefined) return Number(named);
    if (style.name === "title") return 1;
    if (style.outlineLevel !== null) return style.outlineLevel < 9 ? style.outlineLevel + 1 : null;
  }
  return null;
}

/** Wrappers whose content stands in their parent's place. */
const transparent: ReadonlySet<string> = new Set(["sdt", "sdtContent", "smartTag", "customXml", "ins", "moveTo", "body"]);

function createBodyReader(builder: DocumentBuilder, context: { styles: ReadonlyMap<string, Style>; numbering: ListNumbering }) {
  let listGroup: number | null = null;
  let code: string[] = [];
  let title: string | null = null;

  function flushCode(): void {
    if (code.length > 0) builder.append({ kind: "code", text: code.join("\n"), group: builder.newGroup() });
    code = [];
  }

  function read(element: XmlElement): void {
    for (const child of childElements(element)) readBlock(child);
    flushCode();
  }

  function readBlock(element: XmlElement): void {
    if (element.name === "p") readParagraph(element);
    else if (element.name === "tbl") readTable(element);
    else if (element.name === "AlternateContent") readBlock({ ...(alternative(element) ?? element), name: "sdt" });
    else if (transparent.has(element.name)) for (const child of childElements(element)) readBlock(child);
  }

  function readParagraph(paragraph: XmlElement): void {
    const properties = childAt(paragraph, "pPr");
    const chain = styleChain(context.styles, childAt(properties, "pStyle")?.attributes["val"]);
    const names = chain.map((style) => style.name);
    const boxes: XmlElement[] = [];
    const text = paragraphText(paragraph, boxes).trimEnd();
    const isCode = names.some((name) => /\b(?:code|preformatted|source)\b/u.test(name));
    if (!isCode) flushCode();
    // A table of contents repeats every heading with page numbers.
    if (!names.some((name) => /^(?:toc \d|table of figures)/u.test(name))) {
      if (isCode) code.push(text);
      else appendParagraph(text, { chain, properties });
    }
    for (const box of boxes) for (const child of childElements(box)) readBlock(child);
  }

  function appendParagraph(text: string, { chain, properties }: { chain: readonly Style[]; properties: XmlElement | undefined }): void {
    const level = headingLevel(chain, properties);
    const number =
      childAt(properties, "numPr", "numId")?.attributes["val"] ?? chain.find((style) => style.numberId !== null)?.numberId ?? "0";
    if (level !== null) {
      listGroup = null;
      if (chain[0]?.name === "title" && title === null) title = collapseWhiteSpace(text) || null;
      builder.heading({ level, text });
    } else if (text.trim() === "") return;
    else if (number !== "0") {
      const depth = Number(childAt(properties, "numPr", "ilvl")?.attributes["val"] ?? 0) || 0;
      listGroup ??= builder.newGroup();
      const marker = context.numbering.next(number, depth);
      builder.append({ kind: "list-item", text: `${marker}${text.trim()}`, level: depth + 1, group: listGroup });
    } else {
      listGroup = null;
      builder.append({ kind: paragraphKind(chain), text });
    }
  }

  function readTable(table: XmlElement): void {
    flushCode();
    listGroup = null;
    const group = builder.newGroup();
    const look = childAt(table, "tblPr", "tblLook")?.attributes ?? {};
    const firstRow = look["firstRow"] === "1" || (Number.parseInt(look["val"] ?? "0", 16) & 0x20) !== 0;
    const rows = childElements(table).flatMap((child) =>
      transparent.has(child.name) ? rowsOf(child) : child.name === "tr" ? [child] : [],
    );
    const filled = rows.map(rowCells).filter(({ cells }) => cells.some((cell) => cell !== ""));
    for (const [index, { cells, header }] of filled.entries()) {
      const named = index === 0 && filled.length > 1 && (header || (firstRow && cells.length > 1));
      builder.append({ kind: "table-row", text: cells.join(" | "), group, header: named });
    }
  }

  return { read, title: () => title };
}

function paragraphKind(chain: readonly Style[]): "caption" | "quote" | "paragraph" {
  if (chain.some(({ name }) => name.includes("caption"))) return "caption";
  return chain.some(({ name }) => /\bquote\b/u.test(name)) ? "quote" : "paragraph";
}

function rowsOf(wrapper: XmlElement): XmlElement[] {
  return childElements(wrapper).flatMap((child) => (child.name === "tr" ? [child] : transparent.has(child.name) ? rowsOf(child) : []));
}

function rowCells(row: XmlElement): { cells: string[]; header: boolean } {
  const flag = childAt(row, "trPr", "tblHeader");
  const cellsOf = (element: XmlElement): XmlElement[] =>
    childElements(element).flatMap((child) => (child.name === "tc" ? [child] : transparent.has(child.name) ? cellsOf(child) : []));
  return {
    cells: cellsOf(row).map(cellText),
    header: flag !== undefined && flag.attributes["val"] !== "0" && flag.attributes["val"] !== "false",
  };
}

/** Everything in a cell on one line; a table within it is read through. */
function cellText(cell: XmlElement): string {
  const parts: string[] = [];
  const collect = (element: XmlElement): void => {
    for (const child of childElements(element)) {
      if (child.name === "p") {
        const boxes: XmlElement[] = [];
        parts.push(paragraphText(child, boxes));
        for (const box of boxes) collect(box);
      } else if (child.name === "tbl" || child.name === "tr" || child.name === "tc" || transparent.has(child.name)) collect(child);
    }
  };
  collect(cell);
  return collapseWhiteSpace(parts.join(" "));
}

/** Of the forms a drawing is stored in, the first that Word itself would read. */
function alternative(element: XmlElement): XmlElement | undefined {
  return childAt(element, "Choice") ?? childAt(element, "Fallback");
}

/** The visible text of a paragraph's runs; contents of text boxes are handed back apart. */
function paragraphText(paragraph: XmlElement, boxes: XmlElement[]): string {
  const parts: string[] = [];
  const collect = (element: XmlElement): void => {
    for (const child of childElements(element)) {
      switch (child.name) {
        case "t":
          parts.push(child.children.filter((part) => typeof part === "string").join(""));
          break;
        case "tab":
          parts.push("\t");
          break;
        case "br":
        case "cr":
          parts.push(child.attributes["type"] === "page" ? " " : "\n");
          break;
        case "noBreakHyphen":
          parts.push("-");
          break;
        case "txbxContent":
          boxes.push(child);
          break;
        case "AlternateContent": {
          const chosen = alternative(child);
          if (chosen !== undefined) collect(chosen);
          break;
        }
        case "r":
          if (childAt(child, "rPr", "vanish") === undefined) collect(child);
          break;
        case "pPr":
        case "rPr":
        case "del":
        case "moveFrom":
        case "instrText":
          break;
        default:
          collect(child);
      }
    }
  };
  collect(paragraph);
  return parts.join("");
}
