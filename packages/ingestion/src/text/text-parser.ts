import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { createDocumentBuilder } from "../document-builder.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { decodeText } from "./decode-text.ts";

/** Plain text in any encoding; structured data and source code are kept as they are, in one `code` block per blank-line group. */
export const textMediaTypes = ["text/plain", "application/json", "application/yaml", "application/xml"] as const;

/**
 * Refuses what no guess can be right for: EBCDIC, whose space is 0x40 and whose letters lie above 0x80 (it passes for Chinese), and text of
 * which more than one character in a hundred cannot be decoded. Garbage that is searchable would be worse than a reason.
 */
function assertDecoded(bytes: Uint8Array, text: string): void {
  const lost = text.match(/\uFFFD/gu)?.length ?? 0;
  if (!isEbcdic(bytes) && (lost <= 3 || lost <= text.length / 100)) return;
  throw new FootnoteError("document_corrupt", "The text is in no encoding that could be recognised; save it as UTF-8 and send it again.", {
    details: { undecodable: lost },
  });
}

function isEbcdic(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 65_536);
  const count = (matches: (byte: number) => boolean): number =>
    sample.reduce((sum, byte) => sum + (matches(byte) ? 1 : 0), 0) / sample.length;
  return count((byte) => byte === 0x40) > 0.08 && count((byte) => byte === 0x20) < 0.01 && count((byte) => byte >= 0x80) > 0.5;
}

/** Paragraphs are separated by blank lines; their line ends are kept. JSON, YAML and XML keep their indentation. Throws `document_corrupt` for undecodable text. */
export function createTextParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: textMediaTypes,
    parse: async ({ bytes, mediaType, signal }) => {
      throwIfAborted(signal);
      const declared = /charset\s*=\s*"?([\w.:-]+)/iu.exec(mediaType ?? "")?.[1];
      const { text, encoding, guessed } = decodeText(bytes, declared);
      const builder = createDocumentBuilder(limits);
      if (guessed) assertDecoded(bytes, text);
      if (guessed) builder.warn(`The encoding was guessed as ${encoding}.`);
      if (text.includes("\uFFFD")) builder.warn("Some bytes could not be decoded and were replaced.");
      const type = textMediaTypes.find((known) => (mediaType ?? "").toLowerCase().startsWith(known)) ?? "text/plain";
      const kind = type === "text/plain" ? "paragraph" : "code";
      for (const paragraph of splitParagraphs(text.replace(/\r\n?|\u2028|\u2029|\f/gu, "\n"))) builder.append({ kind, text: paragraph });
      return builder.build({ mediaType: type });
    },
  };
}

/** The runs of lines between blank lines, each with its trailing white space removed. */
export function splitParagraphs(text: string): string[] {
  const paragraphs: string[] = [];
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() !== "") lines.push(line.trimEnd());
    else if (lines.length > 0) {
      paragraphs.push(lines.join("\n"));
      lines = [];
    }
  }
  if (lines.length > 0) paragraphs.push(lines.join("\n"));
  return paragraphs;
}
