import type { Token } from "markdown-it";

/** What a reader sees of inline tokens: marks resolved, link texts, alternative texts; an address only where a link has no text. */
export function inlineText(tokens: readonly Token[]): string {
  const parts: string[] = [];
  const links: { href: string; parts: number }[] = [];
  /** Name of the element whose content is not text. */
  let hiddenBy: string | null = null;
  for (const token of tokens) {
    if (hiddenBy !== null) {
      if (token.type === "html_inline" && token.content.toLowerCase().startsWith(`</${hiddenBy}`)) hiddenBy = null;
      continue;
    }
    switch (token.type) {
      case "softbreak":
        parts.push(" ");
        break;
      case "hardbreak":
        parts.push("\n");
        break;
      case "link_open":
        links.push({ href: String(token.attrGet("href") ?? ""), parts: parts.length });
        break;
      case "link_close":
        closeLink(parts, links.pop());
        break;
      case "html_inline": {
        const name = openedElement(token.content);
        if (name === "script" || name === "style") hiddenBy = name;
        else if (name === "br") parts.push("\n");
        break;
      }
      case "image":
        parts.push(inlineText(token.children ?? []));
        break;
      case "footnote_ref":
      case "footnote_anchor":
        break;
      default:
        parts.push(token.content);
    }
  }
  return parts.join("");
}

function closeLink(parts: string[], link: { href: string; parts: number } | undefined): void {
  if (link !== undefined && parts.slice(link.parts).join("").trim() === "") parts.push(link.href);
}

function openedElement(html: string): string | undefined {
  return /^<([a-z][a-z0-9]*)/iu.exec(html)?.[1]?.toLowerCase();
}
