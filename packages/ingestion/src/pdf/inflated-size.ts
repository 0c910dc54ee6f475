import { FootnoteError } from "@footnote/core";
import { createInflate, inflateSync } from "node:zlib";

const chunkBytes = 65_536;
/** Streams up to this size inflate to at most 34 MB and are done at once, which is many times faster than one by one through the event loop. */
const smallBytes = 32_768;

/**
 * Throws `document_too_large` when the compressed streams of a PDF, images left out (they are never decoded), inflate to more than `maxBytes`.
 * Counted while inflating, so that a bomb is met before pdfjs holds it. Nested Flate filters are unpacked layer by layer.
 */
export async function assertInflatedSize(bytes: Uint8Array, maxBytes: number): Promise<void> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let total = 0;
  for (const { start, end, layers } of flateStreams(buffer)) {
    let data: Buffer<ArrayBufferLike> = buffer.subarray(start, end);
    for (let layer = 0; layer < layers; layer += 1) {
      const inner = layer + 1 < layers;
      const inflated = await inflate(data, maxBytes - total, inner);
      total += inflated.size;
      if (total > maxBytes) {
        throw new FootnoteError("document_too_large", `The PDF inflates to more than ${maxBytes} bytes; split it.`, {
          details: { maxInflatedBytes: maxBytes },
        });
      }
      data = inflated.data;
    }
  }
}

interface FlateStream {
  start: number;
  end: number;
  layers: number;
}

/** The streams whose dictionary names FlateDecode and that are not images. */
function* flateStreams(buffer: Buffer): Generator<FlateStream> {
  let at = 0;
  for (;;) {
    const keyword = buffer.indexOf("stream", at);
    if (keyword < 0) return;
    at = keyword + 6;
    if (buffer.toString("latin1", keyword - 3, keyword) === "end") continue;
    const dictionaryStart = Math.max(0, keyword - 2048, buffer.lastIndexOf(" obj", keyword));
    const dictionary = buffer.toString("latin1", dictionaryStart, keyword);
    const layers = dictionary.match(/\/(?:FlateDecode|Fl)\b/gu)?.length ?? 0;
    if (layers === 0 || /\/Subtype\s*\/Image\b/u.test(dictionary)) continue;
    const start = buffer[at] === 13 ? at + 2 : at + 1;
    const found = buffer.indexOf("endstream", start);
    const end = found < 0 ? buffer.length : found;
    yield { start, end, layers };
    at = end;
  }
}

/** Streams a Flate layer; stops at `maxBytes`. Data that is not Flate counts as what came out before the error. */
function inflate(data: Buffer, maxBytes: number, keep: boolean): Promise<{ size: number; data: Buffer }> {
  if (data.length <= smallBytes) {
    try {
      const inflated = inflateSync(data);
      return Promise.resolve({ size: inflated.length, data: inflated });
    } catch {
      // A wrong checksum or a missing end: pdfjs reads such data nevertheless, so what comes before the error counts.
    }
  }
  return new Promise((resolve) => {
    const stream = createInflate({ chunkSize: chunkBytes });
    const parts: Buffer[] = [];
    let size = 0;
    const finish = (): void => {
      stream.destroy();
      resolve({ size, data: Buffer.concat(parts) });
    };
    stream.on("data", (part: Buffer) => {
      size += part.length;
      if (keep) parts.push(part);
      if (size > maxBytes) finish();
    });
    stream.once("end", finish);
    stream.once("error", finish);
    stream.end(data);
  });
}
