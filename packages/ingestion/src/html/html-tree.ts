import { Parser } from "htmlparser2";

export interface HtmlElement {
  name: string;
  attributes: Record<string, string>;
  children: (HtmlElement | string)[];
}

/** Elements nested deeper than this are put beside each other, so that whatever walks the tree may recurse. */
const maxDepth = 200;

/** Characters that are parsed at a time, and unclosed elements after which the parser starts anew. */
const pieceLength = 65_536;
const maxOpen = 2000;

const rawTextElements: ReadonlySet<string> = new Set(["script", "style", "template", "noscript", "iframe", "object", "svg", "canvas"]);

/**
 * An HTML text as a tree with bounded depth. htmlparser2 and not an HTML5 tree builder: the latter walks its stack of
 * open elements for many tags, which makes hostile nesting quadratic. Scripts, styles and their like are left out.
 */
export function parseHtmlTree(html: string, options: { xml?: boolean } = {}): HtmlElement {
  const root: HtmlElement = { name: "#root", attributes: {}, children: [] };
  const open: HtmlElement[] = [root];
  let tooDeep = 0;
  let skipping = 0;
  const handler = {
    onopentag(name: string, attributes: Record<string, string>): void {
      if (skipping > 0 || rawTextElements.has(name)) {
        skipping += 1;
        return;
      }
      const element: HtmlElement = { name, attributes, children: [] };
      open.at(-1)?.children.push(element);
      if (open.length < maxDepth) open.push(element);
      else tooDeep += 1;
    },
    onclosetag(): void {
      if (skipping > 0) skipping -= 1;
      else if (tooDeep > 0) tooDeep -= 1;
      else if (open.length > 1) open.pop();
    },
    ontext(text: string): void {
      if (skipping > 0) return;
      const parent = open.at(-1) ?? root;
      const last = parent.children.length - 1;
      const previous = parent.children[last];
      if (typeof previous === "string") parent.children[last] = previous + text;
      else parent.children.push(text);
    },
  };
  const settings = { decodeEntities: true, xmlMode: options.xml ?? false, recognizeSelfClosing: options.xml ?? false };
  let parser = new Parser(handler, settings);
  for (let start = 0; start < html.length; start += pieceLength) {
    parser.write(html.slice(start, start + pieceLength));
    // The parser's own stack costs its depth per tag: hostile depth is closed and begun anew.
    if (tooDeep + skipping > maxOpen) {
      parser.end();
      parser = new Parser(handler, settings);
    }
  }
  parser.end();
  return root;
}

/** All elements under a node in document order, itself included, for which `matches` holds. */
export function findElements(root: HtmlElement, matches: (element: HtmlElement) => boolean): HtmlElement[] {
  const found: HtmlElement[] = [];
  const stack: HtmlElement[] = [root];
  for (let element = stack.pop(); element !== undefined; element = stack.pop()) {
    if (matches(element)) found.push(element);
    for (let index = element.children.length - 1; index >= 0; index -= 1) {
      const child = element.children[index];
      if (typeof child === "object") stack.push(child);
    }
  }
  return found;
}

/** The text of an element and everything under it, without regard to layout. */
export function elementText(element: HtmlElement): string {
  return element.children.map((child) => (typeof child === "string" ? child : elementText(child))).join("");
}

/** Marked by its author as not to be seen. */
export function isHidden({ attributes, name }: HtmlElement): boolean {
  if ("hidden" in attributes && attributes["hidden"] !== "until-found") return true;
  if (attributes["aria-hidden"] === "true" && name !== "math") return true;
  const style = attributes["style"];
  return style !== undefined && /display\s*:\s*none|visibility\s*:\s*hidden/iu.test(style);
}
