import { openZip, zipNames } from "./office/zip-reader.ts";
import { decodeText } from "./text/decode-text.ts";

export const officeMediaTypes = {
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  odt: "application/vnd.oasis.opendocument.text",
  ods: "application/vnd.oasis.opendocument.spreadsheet",
  odp: "application/vnd.oasis.opendocument.presentation",
  epub: "application/epub+zip",
} as const;

export interface MediaTypeRequest {
  bytes: Uint8Array;
  /** The type that the sender named; parameters are ignored. */
  declared?: string;
  fileName?: string;
}

/** How much of a file is looked at for text formats. */
const sampleBytes = 65_536;

/** Formats that are all plain text: between these the declared type and the file name may decide. */
const textTypes: Readonly<Record<string, string>> = {
  "text/markdown": "text/markdown",
  "text/x-markdown": "text/markdown",
  "text/x-rst": "text/x-rst",
  "text/prs.fallenstein.rst": "text/x-rst",
  "text/html": "text/html",
  "application/xhtml+xml": "text/html",
  "text/csv": "text/csv",
  "text/tab-separated-values": "text/csv",
  "message/rfc822": "message/rfc822",
  "application/json": "application/json",
  "application/yaml": "application/yaml",
  "application/x-yaml": "application/yaml",
  "text/yaml": "application/yaml",
  "application/xml": "application/xml",
  "text/xml": "application/xml",
};

const extensions: Readonly<Record<string, string>> = {
  md: "text/markdown",
  markdown: "text/markdown",
  rst: "text/x-rst",
  html: "text/html",
  htm: "text/html",
  xhtml: "text/html",
  csv: "text/csv",
  tsv: "text/csv",
  eml: "message/rfc822",
  json: "application/json",
  yaml: "application/yaml",
  yml: "application/yaml",
  xml: "application/xml",
  txt: "text/plain",
};

/**
 * The media type of a file from its content, or null when it is nothing that Footnote reads. The declared type and the
 * file name only decide between formats that are all plain text (Markdown, reStructuredText, CSV, plain text…).
 */
export function detectMediaType({ bytes, declared, fileName }: MediaTypeRequest): string | null {
  const named = textTypes[(declared ?? "").split(";")[0]?.trim().toLowerCase() ?? ""] ?? null;
  const extension = /\.([a-z0-9]+)$/iu.exec(fileName ?? "")?.[1]?.toLowerCase() ?? "";
  const head = latin1(bytes, 0, 1024);
  if (head.includes("%PDF-")) return "application/pdf";
  if (/^PK(?:\u0003\u0004|\u0005\u0006)/u.test(head)) return zipType(bytes, declared, extension);
  if (head.startsWith("\u00D0\u00CF\u0011\u00E0\u00A1\u00B1\u001A\u00E1")) return encryptedOfficeType(bytes, declared, extension);
  if (/^\s*\{\\rtf/u.test(head)) return "application/rtf";
  const sample = bytes.subarray(0, sampleBytes);
  if (isBinary(sample)) return null;
  const { text } = decodeText(trimToCharacter(sample, bytes.length));
  return textType(text, named ?? extensions[extension] ?? null, bytes.length > sampleBytes);
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", start, Math.min(end, bytes.length));
}

/** A sample cut inside a UTF-8 sequence would look like another encoding: cut at a line or space. */
function trimToCharacter(sample: Uint8Array, fullLength: number): Uint8Array {
  if (sample.length === fullLength) return sample;
  const cut = Math.max(sample.lastIndexOf(10), sample.lastIndexOf(32));
  return cut > sample.length / 2 ? sample.subarray(0, (cut + 1) & ~1) : sample;
}

/** By the members' names, or, where the directory is cut off, by the names in the local headers; nothing but a few bytes of `mimetype` is inflated. */
function zipType(bytes: Uint8Array, declared: string | undefined, extension: string): string | null {
  const head = latin1(bytes, 0, 65_536);
  const stored = /mimetype(application\/[a-z0-9.+-]+)/u.exec(head.slice(0, 200))?.[1];
  const openDocument = Object.values(officeMediaTypes).find((type) => stored?.startsWith(type));
  if (openDocument !== undefined) return openDocument;
  const directory = zipNames(bytes);
  const names = directory ?? [head];
  const holds = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  const anchor = directory === null ? "" : "^";
  if (holds(new RegExp(`${anchor}word/document`, "u"))) return officeMediaTypes.docx;
  if (holds(new RegExp(`${anchor}ppt/(?:presentation|slides/)`, "u"))) return officeMediaTypes.pptx;
  if (holds(new RegExp(`${anchor}xl/(?:workbook|worksheets/)`, "u"))) return officeMediaTypes.xlsx;
  if (holds(new RegExp(`${anchor}META-INF/container\\.xml`, "u"))) return officeMediaTypes.epub;
  if (directory?.includes("mimetype") === true) return packedMimetype(bytes);
  // A container cut short: only the name tells which one, and its parser says that it is damaged.
  return directory === null ? namedOfficeType(declared, extension) : null;
}

/** OpenDocument wants `mimetype` first and stored; some programs write it elsewhere and compressed. */
function packedMimetype(bytes: Uint8Array): string | null {
  try {
    const content = openZip(bytes, { maxInflatedBytes: 256 }).read("mimetype") ?? new Uint8Array();
    const type = latin1(content, 0, content.length).trim();
    return Object.values(officeMediaTypes).find((known) => known === type) ?? null;
  } catch {
    return null;
  }
}

function namedOfficeType(declared: string | undefined, extension: string): string | null {
  const essence = (declared ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return Object.entries(officeMediaTypes).find(([name, type]) => type === essence || name === extension)?.[1] ?? null;
}

/** A protected Office file is an OLE container with an `EncryptedPackage` stream; its real type is inside, so the names must help. */
function encryptedOfficeType(bytes: Uint8Array, declared: string | undefined, extension: string): string | null {
  const marker = Buffer.from("EncryptedPackage", "utf16le");
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(marker) < 0) return null;
  return namedOfficeType(declared, extension) ?? officeMediaTypes.docx;
}

/** Control characters that no text holds, more than a stray few; UTF-16 is recognised by its regular zeros. */
function isBinary(sample: Uint8Array): boolean {
  if (sample.length === 0) return false;
  const head = latin1(sample, 0, 8);
  if (
    /^(?:\u007FELF|MZ|\u0089PNG|GIF8|\u00FF\u00D8\u00FF|\u001F\u008B|7z\u00BC|Rar!|\u00CA\u00FE\u00BA\u00BE|OggS|fLaC|ID3|RIFF)/u.test(head)
  )
    return true;
  if (/^(?:\u00FF\u00FE|\u00FE\u00FF)/u.test(head)) return false;
  let controls = 0;
  let zeros = 0;
  let oddZeros = 0;
  for (let index = 0; index < sample.length; index += 1) {
    const byte = sample[index] ?? 0;
    if (byte === 0) {
      zeros += 1;
      oddZeros += index & 1;
    } else if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12 && byte !== 27) controls += 1;
  }
  const halfZero = zeros > sample.length * 0.3 && (oddZeros > zeros * 0.95 || oddZeros < zeros * 0.05);
  if (zeros > 0 && !halfZero && zeros > sample.length * 0.01) return true;
  return controls > Math.max(2, sample.length * 0.02);
}

function textType(text: string, named: string | null, cut: boolean): string {
  const start = text
    .slice(0, 4096)
    .replace(/^\uFEFF/u, "")
    .trimStart();
  if (/^(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b/iu.test(start)) return "text/html";
  if (start.startsWith("<?xml")) return "application/xml";
  if (isEmail(start)) return "message/rfc822";
  if (named === "application/yaml" || named === "application/xml") return named;
  if (isJson(text, start, cut, named)) return "application/json";
  if (named === "text/html" || named === "text/csv" || named === "text/markdown" || named === "text/x-rst") return named;
  if (named === null && isCsv(text)) return "text/csv";
  const { markdown, rst, html } = markupScores(text);
  if (html >= 5 && html > markdown && html > rst) return "text/html";
  if (rst >= 3 && rst > markdown) return "text/x-rst";
  if (markdown >= (named === null ? 2 : 3)) return "text/markdown";
  return "text/plain";
}

/** RFC 5322: header fields from the first line on, one of them a field that only mail has. */
function isEmail(start: string): boolean {
  const head = start.split(/\r?\n\r?\n/u)[0] ?? "";
  const fields = [...head.matchAll(/^([A-Za-z][A-Za-z0-9-]*):/gmu)].map((match) => (match[1] ?? "").toLowerCase());
  const strong = ["from", "received", "return-path", "message-id", "mime-version", "delivered-to", "x-mailer"];
  const all = [...strong, "to", "subject", "date", "cc", "reply-to", "sender", "content-type"];
  if (!/^(?:From \S+.*\r?\n|>From.*\r?\n)?[A-Za-z][A-Za-z0-9-]*:/u.test(start)) return false;
  return fields.some((field) => strong.includes(field)) && fields.filter((field) => all.includes(field)).length >= 2;
}

function isJson(text: string, start: string, cut: boolean, named: string | null): boolean {
  if (!/^[{[]/u.test(start)) return named === "application/json";
  if (cut) return named === "application/json" || /^(?:\{\s*"[^"\n]{0,200}"\s*:|\[\s*(?:\{\s*"|"|\[|-?\d+\s*,))/u.test(start);
  try {
    JSON.parse(text);
    return true;
  } catch {
    return named === "application/json";
  }
}

/** At least three rows, all with the same three or more columns. */
function isCsv(text: string): boolean {
  const lines = text.split(/\r?\n/u, 12).filter((line) => line.trim() !== "");
  if (lines.length < 3) return false;
  return [",", ";", "\t"].some((delimiter) => {
    const counts = lines.slice(0, 10).map((line) => line.replace(/"[^"]*"/gu, "").split(delimiter).length);
    return (counts[0] ?? 0) >= 3 && counts.every((count) => count === counts[0]) && lines.every((line) => line.length < 2000);
  });
}

/** Number of different marks of each markup language that occur. */
function markupScores(text: string): { markdown: number; rst: number; html: number } {
  const count = (patterns: readonly RegExp[]): number => patterns.filter((pattern) => pattern.test(text)).length;
  return {
    markdown: count([
      /^#{1,6} \S/mu,
      /^(?:```|~~~)/mu,
      /\[[^\]\n]{1,200}\]\([^)\n]{1,500}\)/u,
      /\*\*[^*\n]{1,200}\*\*/u,
      /^\|?[ \t]*:?-{3,}:?[ \t]*\|/mu,
      /^[*+-] \S/mu,
      /^> \S/mu,
      /^---\n[\s\S]{1,2000}?\n---\n/u,
    ]),
    rst: count([
      /^[^\s].{2,200}\n(?:={4,}|-{4,}|~{4,}|\^{4,}|"{4,}|\*{4,}|\+{4,})\n/mu,
      /^\.\. [\w-]+::/mu,
      /^\.\. (?:_[^:\n]{1,100}:|\[)/mu,
      /::\n\n[ \t]+\S/u,
      /``[^`\n]{1,200}``/u,
      /:[a-z]{2,20}:`[^`\n]{1,200}`/u,
      /`[^`\n]{1,200}`__?(?:\W|$)/mu,
      /^:[A-Za-z][\w -]{1,30}: \S/mu,
    ]),
    html: count([
      /<p[\s>]/iu,
      /<div[\s>]/iu,
      /<a\s[^>]{0,500}href/iu,
      /<h[1-6][\s>]/iu,
      /<\/(?:p|div|span|table|ul|td)>/iu,
      /<(?:meta|link|script|style|title)[\s>]/iu,
    ]),
  };
}
