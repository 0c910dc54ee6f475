import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { ParsedDocument, Parser, ParseRequest } from "@footnote/core";
import { detectMediaType, officeMediaTypes } from "./media-type.ts";
import { parseLimits } from "./parse-limits.ts";
import type { ParseLimits } from "./parse-limits.ts";

type Options = { limits: ParseLimits };

/** Parsers are loaded when their first file comes, so that a child process pays for its formats only. */
const loaders: Readonly<Record<string, (options: Options) => Promise<Parser>>> = {
  "application/pdf": async (options) => (await import("./pdf/pdf-parser.ts")).createPdfParser(options),
  "text/html": async (options) => (await import("./html/html-parser.ts")).createHtmlParser(options),
  "text/markdown": async (options) => (await import("./markdown/markdown-parser.ts")).createMarkdownParser(options),
  "text/x-rst": async (options) => (await import("./rst/rst-parser.ts")).createRstParser(options),
  "text/csv": async (options) => (await import("./text/csv-parser.ts")).createCsvParser(options),
  "message/rfc822": async (options) => (await import("./mail/eml-parser.ts")).createEmlParser(options),
  [officeMediaTypes.docx]: async (options) => (await import("./office/docx-parser.ts")).createDocxParser(options),
  [officeMediaTypes.pptx]: async (options) => (await import("./office/pptx-parser.ts")).createPptxParser(options),
  [officeMediaTypes.xlsx]: async (options) => (await import("./office/xlsx-parser.ts")).createXlsxParser(options),
  [officeMediaTypes.odt]: loadOpenDocumentParser,
  [officeMediaTypes.ods]: loadOpenDocumentParser,
  [officeMediaTypes.odp]: loadOpenDocumentParser,
  [officeMediaTypes.epub]: async (options) => (await import("./office/epub-parser.ts")).createEpubParser(options),
  "application/rtf": async (options) => (await import("./office/rtf-parser.ts")).createRtfParser(options),
  "text/plain": loadTextParser,
  "application/json": loadTextParser,
  "application/yaml": loadTextParser,
  "application/xml": loadTextParser,
};

async function loadTextParser(options: Options): Promise<Parser> {
  return (await import("./text/text-parser.ts")).createTextParser(options);
}

async function loadOpenDocumentParser(options: Options): Promise<Parser> {
  return (await import("./office/opendocument-parser.ts")).createOpenDocumentParser(options);
}

/** Every media type that `parseDocument` reads. */
export const parsedMediaTypes: readonly string[] = Object.keys(loaders);

/**
 * Bytes of any supported format → document, in this process; for files of strangers use the sandboxed parser. Throws `empty_file`,
 * `document_too_large`, `unsupported_media_type`, and what the format's parser throws.
 */
export async function parseDocument(request: ParseRequest & { limits?: Partial<ParseLimits> }): Promise<ParsedDocument> {
  const { bytes, mediaType, fileName, signal } = request;
  const limits = parseLimits(request.limits);
  throwIfAborted(signal);
  assertParsableSize(bytes, limits);
  const type = detectMediaType({
    bytes,
    ...(mediaType === undefined ? {} : { declared: mediaType }),
    ...(fileName === undefined ? {} : { fileName }),
  });
  const load = type === null ? undefined : loaders[type];
  if (type === null || load === undefined) {
    throw new FootnoteError(
      "unsupported_media_type",
      "The file is of no type that can be read; send PDF, HTML, Markdown, Office (.docx, .pptx, .xlsx, OpenDocument, RTF), EPUB, CSV, mail (.eml) or text.",
      {
        details: { mediaType: type },
      },
    );
  }
  const parser = await load({ limits });
  // Declared parameters (charset) stay with the type that they describe.
  const declared = mediaType !== undefined && mediaType.toLowerCase().startsWith(type) ? mediaType : type;
  return parser.parse({
    bytes,
    mediaType: declared,
    ...(fileName === undefined ? {} : { fileName }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Throws `empty_file` or `document_too_large`. */
export function assertParsableSize(bytes: Uint8Array, limits: ParseLimits): void {
  if (bytes.length === 0) throw new FootnoteError("empty_file", "The file is empty; send one with content.");
  if (bytes.length > limits.maxBytes) {
    throw new FootnoteError("document_too_large", `The file has ${bytes.length} bytes, more than ${limits.maxBytes}; split it.`, {
      details: { sizeBytes: bytes.length, maxBytes: limits.maxBytes },
    });
  }
}
