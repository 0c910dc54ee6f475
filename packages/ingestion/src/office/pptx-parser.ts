import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { collapseWhiteSpace, createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { officeMediaTypes } from "../media-type.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { missingPart, openOfficePackage } from "./office-package.ts";
import { childAt, childElements, descendants } from "./xml-tree.ts";
import type { XmlElement } from "./xml-tree.ts";

/** Slides as pages, their titles as headings, then text, tables, SmartArt and speaker notes. Slide numbers, dates and footers are left out. */
export function createPptxParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: [officeMediaTypes.pptx],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      const file = openOfficePackage(bytes, limits);
      const main = [...file.relationships("").values()].find(({ type }) => type === "officeDocument")?.target ?? "ppt/presentation.xml";
      const presentation = childAt(file.xml(main) ?? undefined, "presentation");
      if (presentation === undefined) throw missingPart("presentation");
      const slides = file.relationships(main);
      const size = childAt(presentation, "sldSz")?.attributes ?? {};
      const builder = createDocumentBuilder(limits);
      let firstTitle: string | null = null;
      for (const [index, entry] of childElements(childAt(presentation, "sldIdLst"), "sldId").entries()) {
        throwIfAborted(signal);
        if (index >= limits.maxPages) {
          throw new FootnoteError("document_too_many_pages", `The presentation has more than ${limits.maxPages} slides; split it.`, {
            details: { maxPages: limits.maxPages },
          });
        }
        const part = slides.get(entry.attributes["r:id"] ?? "")?.target ?? "";
        const slide = file.xml(part);
        if (slide === null) {
          builder.warn(`Slide ${index + 1} is missing from the file.`);
          continue;
        }
        builder.startPage({ number: index + 1, ...slideSize(size) });
        const related = file.relationships(part);
        const title = appendSlide(builder, slide, (id) => file.xml(related.get(id)?.target ?? ""));
        firstTitle ??= title;
        const notes = [...related.values()].find(({ type }) => type === "notesSlide")?.target;
        const notesSlide = notes === undefined ? null : file.xml(notes);
        if (notesSlide !== null) appendNotes(builder, notesSlide);
      }
      return builder.build({ mediaType: officeMediaTypes.pptx, title: meaningful(file.title()) ?? firstTitle });
    },
  };
}

/** PowerPoint puts its default into the properties of files whose author named nothing. */
function meaningful(title: string | null): string | null {
  return title === null || /^(?:powerpoint presentation|presentation\d*|slide \d+|untitled)$/iu.test(title) ? null : title;
}

/** English Metric Units (12,700 to a point) in the presentation's size. */
function slideSize(size: Record<string, string>): { width?: number; height?: number } {
  const width = Number(size["cx"]) / 12_700;
  const height = Number(size["cy"]) / 12_700;
  return Number.isFinite(width) && Number.isFinite(height) ? { width, height } : {};
}

const chromePlaceholders: ReadonlySet<string> = new Set(["sldNum", "dt", "ftr", "hdr", "sldImg"]);

function placeholder(shape: XmlElement): string | null {
  const element = childAt(shape, "nvSpPr", "nvPr", "ph");
  return element === undefined ? null : (element.attributes["type"] ?? "body");
}

/** The shapes of a slide, groups resolved, in drawing order. */
function shapesOf(tree: XmlElement | undefined): XmlElement[] {
  return childElements(tree).flatMap((child) => {
    if (child.name === "grpSp") return shapesOf(child);
    if (child.name === "AlternateContent") return shapesOf(childAt(child, "Choice") ?? childAt(child, "Fallback"));
    return child.name === "sp" || child.name === "graphicFrame" ? [child] : [];
  });
}

function appendSlide(builder: DocumentBuilder, slide: XmlElement, partOf: (relationship: string) => XmlElement | null): string | null {
  const shapes = shapesOf(childAt(childElements(slide)[0], "cSld", "spTree"));
  const isTitle = (shape: XmlElement): boolean => /^(?:title|ctrTitle)$/u.test(placeholder(shape) ?? "");
  const title = collapseWhiteSpace(
    shapes
      .filter(isTitle)
      .flatMap(paragraphs)
      .map(({ text }) => text)
      .join(" "),
  );
  if (title !== "") builder.heading({ level: 1, text: title });
  for (const shape of shapes) {
    if (isTitle(shape) || chromePlaceholders.has(placeholder(shape) ?? "")) continue;
    const lines = paragraphs(shape);
    const listed = placeholder(shape) !== null && lines.length > 1;
    const group = builder.newGroup();
    for (const { text, level } of lines) {
      if (listed) builder.append({ kind: "list-item", text, level, group });
      else builder.append({ kind: "paragraph", text });
    }
    for (const table of shape.name === "graphicFrame" ? descendants(shape, "tbl") : []) appendTable(builder, table);
    for (const { attributes } of shape.name === "graphicFrame" ? descendants(shape, "relIds") : []) {
      const diagram = partOf(attributes["r:dm"] ?? "");
      if (diagram !== null) appendDiagram(builder, diagram);
    }
  }
  return title === "" ? null : title;
}

/** SmartArt: the texts of its nodes in the order of its data; connections repeat nothing, placeholders are prompts to the author. */
function appendDiagram(builder: DocumentBuilder, diagram: XmlElement): void {
  const group = builder.newGroup();
  for (const point of descendants(diagram, "pt")) {
    if (!["node", "asst"].includes(point.attributes["type"] ?? "node") || childAt(point, "prSet")?.attributes["phldr"] === "1") continue;
    const text = childElements(childAt(point, "t"), "p").map(paragraphText).join("\n").trim();
    if (text !== "") builder.append({ kind: "list-item", text, group });
  }
}

function appendNotes(builder: DocumentBuilder, notes: XmlElement): void {
  for (const shape of shapesOf(childAt(childElements(notes)[0], "cSld", "spTree"))) {
    if (placeholder(shape) !== "body") continue;
    for (const { text } of paragraphs(shape)) builder.append({ kind: "paragraph", text });
  }
}

function paragraphs(shape: XmlElement): { text: string; level: number }[] {
  return childElements(childAt(shape, "txBody"), "p")
    .map((paragraph) => ({
      text: paragraphText(paragraph).trim(),
      level: Number(childAt(paragraph, "pPr")?.attributes["lvl"] ?? 0) + 1,
    }))
    .filter(({ text }) => text !== "");
}

function paragraphText(paragraph: XmlElement): string {
  return childElements(paragraph)
    .map((child) => {
      if (child.name === "br") return "\n";
      if (child.name === "r" || child.name === "fld")
        return childElements(child, "t")
          .flatMap((text) => text.children.filter((part) => typeof part === "string"))
          .join("");
      return child.name === "AlternateContent" || child.name === "m"
        ? descendants(child, "t")
            .flatMap((text) => text.children.filter((part) => typeof part === "string"))
            .join("")
        : "";
    })
    .join("");
}

function appendTable(builder: DocumentBuilder, table: XmlElement): void {
  const group = builder.newGroup();
  const firstRow = childAt(table, "tblPr")?.attributes["firstRow"] === "1";
  const rows = childElements(table, "tr").map((row) =>
    childElements(row, "tc").map((cell) => collapseWhiteSpace(childElements(childAt(cell, "txBody"), "p").map(paragraphText).join(" "))),
  );
  for (const [index, cells] of rows.entries()) {
    if (cells.some((cell) => cell !== ""))
      builder.append({ kind: "table-row", text: cells.join(" | "), group, header: firstRow && index === 0 });
  }
}
