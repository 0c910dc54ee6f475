import { Parser } from "htmlparser2";
import type { DocumentBuilder } from "../document-builder.ts";

/** Appends the readable text of an HTML fragment. */
export function appendHtmlFragment(builder: DocumentBuilder, html: string): void {
  const parts: string[] = [];
  let hidden = 0;
  const parser = new Parser({
    onopentagname: (name) => {
      if (name === "script" || name === "style") hidden += 1;
    },
    onclosetag: (name) => {
      if (name === "script" || name === "style") hidden -= 1;
    },
    ontext: (text) => {
      if (hidden === 0) parts.push(text);
    },
  });
  parser.end(html);
  builder.append({ kind: "paragraph", text: parts.join("") });
}
