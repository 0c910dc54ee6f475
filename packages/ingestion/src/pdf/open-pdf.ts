import { fileURLToPath } from "node:url";
import { FootnoteError } from "@footnote/core";
import type { PDFDocumentProxy } from "pdfjs-dist";

/** pdfjs builds these at import although text extraction never draws; without them it looks for a native canvas and complains. */
function provideDrawingStubs(): void {
  const names = ["DOMMatrix", "ImageData", "Path2D"] as const;
  for (const name of names) {
    if (name in globalThis) continue;
    Object.defineProperty(globalThis, name, { value: function stub() {}, configurable: true, writable: true });
  }
}

let loading: Promise<typeof import("pdfjs-dist")> | undefined;

/** pdfjs's build for servers, loaded once and only when a PDF comes. */
function loadPdfjs(): Promise<typeof import("pdfjs-dist")> {
  loading ??= (async () => {
    provideDrawingStubs();
    return import("pdfjs-dist/legacy/build/pdf.mjs");
  })();
  return loading;
}

function packageFolder(name: string): string {
  return fileURLToPath(new URL(`../../${name}/`, import.meta.resolve("pdfjs-dist/legacy/build/pdf.mjs")));
}

export interface OpenPdf {
  document: PDFDocumentProxy;
  close(): Promise<void>;
}

/** Opens a PDF for reading text: no eval, no fonts from the system, character maps from the package. Throws `document_*`. */
export async function openPdf(bytes: Uint8Array): Promise<OpenPdf> {
  const pdfjs = await loadPdfjs();
  const task = pdfjs.getDocument({
    // pdfjs takes the buffer over; the caller's stays whole.
    data: Uint8Array.from(bytes),
    cMapUrl: packageFolder("cmaps"),
    cMapPacked: true,
    standardFontDataUrl: packageFolder("standard_fonts"),
    wasmUrl: packageFolder("wasm"),
    disableFontFace: true,
    useSystemFonts: false,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    useWorkerFetch: false,
    enableXfa: false,
    stopAtErrors: false,
    verbosity: pdfjs.VerbosityLevel.ERRORS,
  });
  try {
    const document = await task.promise;
    return { document, close: () => task.destroy() };
  } catch (error) {
    await task.destroy();
    throw openError(error);
  }
}

function openError(error: unknown): FootnoteError {
  const name = error instanceof Error ? error.name : "";
  if (name === "PasswordException") {
    return new FootnoteError("document_encrypted", "The PDF is protected by a password; remove the protection and send it again.");
  }
  return new FootnoteError("document_corrupt", "The PDF is damaged or incomplete and could not be opened; send an intact copy.", {
    cause: error,
  });
}

/** Refuses a file whose end is missing: pdfjs would recover some pages, and a document that lost its rest without a word is worse than none. */
export function assertComplete(bytes: Uint8Array): void {
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(-8192).toString("latin1");
  if (tail.includes("startxref") || tail.includes("%%EOF")) return;
  throw new FootnoteError("document_corrupt", "The PDF is cut off: its end is missing; send the whole file.");
}
