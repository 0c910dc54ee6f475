import { parseDocument } from "yaml";

export interface FrontMatter {
  /** The `title` field, when it is a string or a number. */
  title: string | null;
  /** The text after the front matter. */
  body: string;
  /** Whether a front matter was there but could not be read. */
  broken: boolean;
}

const maxLength = 65_536;

/** Splits a leading `---` (YAML) or `+++` (TOML) block from a Markdown text with `\n` line ends. */
export function splitFrontMatter(text: string): FrontMatter {
  const fence = text.startsWith("---\n") ? "---" : text.startsWith("+++\n") ? "+++" : null;
  if (fence === null) return { title: null, body: text, broken: false };
  const head = text.slice(0, maxLength);
  const end = new RegExp(fence === "---" ? "^(?:---|\\.\\.\\.)[ \\t]*$" : "^\\+\\+\\+[ \\t]*$", "mu").exec(head.slice(4));
  // A rule, then text: only lines that look like fields make it a front matter.
  const source = end === null ? "" : head.slice(4, 4 + end.index);
  if (end === null || (source.trim() !== "" && !/^[\w"'-][^\n:=]{0,200}[:=]/mu.test(source)))
    return { title: null, body: text, broken: false };
  const body = text.slice(4 + end.index + end[0].length);
  if (fence === "+++") {
    const title = /^title\s*=\s*(["'])(.*)\1\s*$/mu.exec(source)?.[2] ?? null;
    return { title, body, broken: false };
  }
  try {
    const document = parseDocument(source, { logLevel: "silent" });
    const value: unknown = document.errors.length > 0 ? null : document.get("title");
    const title = typeof value === "string" || typeof value === "number" ? String(value) : null;
    return { title, body, broken: document.errors.length > 0 };
  } catch {
    return { title: null, body, broken: true };
  }
}
