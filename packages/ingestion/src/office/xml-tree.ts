import { FootnoteError } from "@footnote/core";
import { SaxesParser } from "saxes";
import { decodeText } from "../text/decode-text.ts";

export interface XmlElement {
  /** Local name, without a namespace prefix. */
  name: string;
  /** By local name; of two with one local name the unprefixed wins (`r:id` and `id` are kept apart as `r:id` and `id`). */
  attributes: Record<string, string>;
  children: (XmlElement | string)[];
}

const maxDepth = 250;
const maxElements = 20_000_000;

/** Streams an XML part: no DTD, no entities but the five built in, bounded depth. Throws `document_corrupt`. */
export function readXml(
  bytes: Uint8Array,
  handlers: {
    open: (name: string, attributes: Record<string, string>) => void;
    close: (name: string) => void;
    text: (text: string) => void;
  },
): void {
  const parser = new SaxesParser({ fragment: false, position: false });
  let depth = 0;
  let elements = 0;
  const failures: unknown[] = [];
  parser.on("error", (error) => {
    failures.push(error);
  });
  parser.on("doctype", () => {
    throw new FootnoteError(
      "document_corrupt",
      "The file holds an XML document type definition, which no office program writes; save it again.",
    );
  });
  parser.on("opentag", (tag) => {
    depth += 1;
    elements += 1;
    if (depth > maxDepth || elements > maxElements) {
      throw new FootnoteError("document_too_large", `The file's XML is nested deeper than ${maxDepth} levels or has too many elements.`);
    }
    handlers.open(localName(tag.name), localAttributes(tag.attributes));
  });
  parser.on("closetag", (tag) => {
    depth -= 1;
    handlers.close(localName(tag.name));
  });
  parser.on("text", handlers.text);
  parser.on("cdata", handlers.text);
  const { text } = decodeText(bytes);
  // In pieces, so that the parser's own buffers stay small.
  for (let start = 0; start < text.length && failures.length === 0; start += 1 << 20) parser.write(text.slice(start, start + (1 << 20)));
  if (failures.length === 0) parser.close();
  if (failures.length > 0)
    throw new FootnoteError("document_corrupt", "The file's XML is damaged; open and save it again, then upload it.", {
      cause: failures[0],
    });
}

/** An XML part as a tree; `keepSpace` keeps text that is only white space. */
export function parseXml(bytes: Uint8Array): XmlElement {
  const root: XmlElement = { name: "#root", attributes: {}, children: [] };
  const open: XmlElement[] = [root];
  readXml(bytes, {
    open(name, attributes) {
      const element: XmlElement = { name, attributes, children: [] };
      open.at(-1)?.children.push(element);
      open.push(element);
    },
    close() {
      open.pop();
    },
    text(text) {
      open.at(-1)?.children.push(text);
    },
  });
  return root;
}

/** Child elements, of one name when it is given. */
export function childElements(element: XmlElement | undefined, name?: string): XmlElement[] {
  return (element?.children ?? []).filter(
    (child): child is XmlElement => typeof child === "object" && (name === undefined || child.name === name),
  );
}

/** The element reached by the first child of each name in turn. */
export function childAt(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((at, name) => childElements(at, name)[0], element);
}

/** All elements of a name under a node in document order, not below another of that name. */
export function descendants(element: XmlElement, name: string): XmlElement[] {
  return childElements(element).flatMap((child) => (child.name === name ? [child] : descendants(child, name)));
}

export function xmlText(element: XmlElement): string {
  return element.children.map((child) => (typeof child === "string" ? child : xmlText(child))).join("");
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function localAttributes(attributes: Record<string, unknown>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value !== "string") continue;
    result[name] = value;
    const local = localName(name);
    if (local !== name && !(local in result)) result[local] = value;
  }
  return result;
}
