import { crc32, inflateRawSync } from "node:zlib";
import { FootnoteError } from "@footnote/core";

export interface ZipReader {
  /** Member names in directory order, `../` and absolute names left out. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** A member's bytes, or null when there is none. Throws `document_too_large`, `document_corrupt` or `document_encrypted`. */
  read(name: string): Uint8Array | null;
}

interface Entry {
  method: number;
  encrypted: boolean;
  compressedSize: number;
  size: number;
  crc: number;
  headerOffset: number;
}

const maxEntries = 20_000;
/** Above this size, a member that inflates more than this many times over is a bomb; the text of real documents stays below 100. */
const bombRatio = 400;
const bombBytes = 16 * 1024 * 1024;

/**
 * Opens a ZIP container by its central directory. Every member of every office format is inflated here and nowhere
 * else: one budget of inflated bytes for the whole file, spent while inflating, whatever the headers claim.
 */
export function openZip(bytes: Uint8Array, options: { maxInflatedBytes: number }): ZipReader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(buffer);
  let budget = options.maxInflatedBytes;

  function read(name: string): Uint8Array | null {
    const entry = entries.get(name);
    if (entry === undefined) return null;
    if (entry.encrypted)
      throw new FootnoteError("document_encrypted", "The file is protected by a password; remove the password and upload it again.");
    if (entry.size > budget) throw tooLarge(options.maxInflatedBytes);
    const offset = entry.headerOffset;
    if (offset + 30 > buffer.length || buffer.readUInt32LE(offset) !== 0x04034b50) throw corrupt();
    const start = offset + 30 + buffer.readUInt16LE(offset + 26) + buffer.readUInt16LE(offset + 28);
    const compressed = buffer.subarray(start, start + entry.compressedSize);
    if (compressed.length !== entry.compressedSize) throw corrupt();
    const data = entry.method === 0 ? compressed : entry.method === 8 ? inflate(compressed, budget, options.maxInflatedBytes) : null;
    if (data === null)
      throw new FootnoteError("document_corrupt", "The file uses a compression method that is not supported; save it again.");
    budget -= data.length;
    if (budget < 0) throw tooLarge(options.maxInflatedBytes);
    if (data.length !== entry.size || crc32(data) !== entry.crc) throw corrupt();
    return data;
  }

  return { names: [...entries.keys()], has: (name) => entries.has(name), read };
}

/** Member names by the central directory, or null when it cannot be read. Inflates nothing. */
export function zipNames(bytes: Uint8Array): readonly string[] | null {
  try {
    return [...readDirectory(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).keys()];
  } catch {
    return null;
  }
}

function inflate(compressed: Buffer, budget: number, limit: number): Buffer {
  const allowed = Math.max(bombBytes, compressed.length * bombRatio);
  try {
    // zlib checks the limit after every 16 kB it produces and stops.
    return inflateRawSync(compressed, { maxOutputLength: Math.max(1, Math.min(budget, allowed)) });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(limit);
    throw corrupt(cause);
  }
}

function readDirectory(buffer: Buffer): Map<string, Entry> {
  const end = findEnd(buffer);
  let count = buffer.readUInt16LE(end + 10);
  let offset = buffer.readUInt32LE(end + 16);
  if (offset === 0xffffffff || count === 0xffff) {
    // ZIP64: a locator stands before the end record and points to the long form.
    if (end < 20 || buffer.readUInt32LE(end - 20) !== 0x07064b50) throw corrupt();
    const long = safeOffset(buffer.readBigUInt64LE(end - 12), buffer.length - 56);
    if (buffer.readUInt32LE(long) !== 0x06064b50) throw corrupt();
    count = safeOffset(buffer.readBigUInt64LE(long + 32), maxEntries + 1);
    offset = safeOffset(buffer.readBigUInt64LE(long + 48), buffer.length);
  } else {
    // Bytes before the first member (self-extracting archives, mail gateways) shift every offset.
    const size = buffer.readUInt32LE(end + 12);
    if (end - size >= 0 && end - size !== offset && count > 0 && buffer.readUInt32LE(end - size) === 0x02014b50) {
      return readEntries(buffer, { count, offset: end - size, shift: end - size - offset });
    }
  }
  return readEntries(buffer, { count, offset, shift: 0 });
}

function readEntries(buffer: Buffer, directory: { count: number; offset: number; shift: number }): Map<string, Entry> {
  if (directory.count > maxEntries) {
    throw new FootnoteError("document_too_large", `The file holds more than ${maxEntries} members; it is not a document.`, {
      details: { maxEntries },
    });
  }
  const entries = new Map<string, Entry>();
  let offset = directory.offset;
  for (let index = 0; index < directory.count; index += 1) {
    if (offset + 46 > buffer.length || buffer.readUInt32LE(offset) !== 0x02014b50) throw corrupt();
    const nameLength = buffer.readUInt16LE(offset + 28);
    const flags = buffer.readUInt16LE(offset + 8);
    const name = buffer
      .toString(
        (flags & 0x800) === 0 && buffer.subarray(offset + 46, offset + 46 + nameLength).some((byte) => byte > 127) ? "latin1" : "utf8",
        offset + 46,
        offset + 46 + nameLength,
      )
      .replaceAll("\\", "/");
    const entry: Entry = {
      method: buffer.readUInt16LE(offset + 10),
      encrypted: (flags & 1) !== 0,
      crc: buffer.readUInt32LE(offset + 16),
      compressedSize: buffer.readUInt32LE(offset + 20),
      size: buffer.readUInt32LE(offset + 24),
      headerOffset: buffer.readUInt32LE(offset + 42) + directory.shift,
    };
    if (isSafeName(name)) entries.set(name, entry);
    offset += 46 + nameLength + buffer.readUInt16LE(offset + 30) + buffer.readUInt16LE(offset + 32);
  }
  return entries;
}

function isSafeName(name: string): boolean {
  return name !== "" && !name.endsWith("/") && !name.startsWith("/") && !/^[a-z]:/iu.test(name) && !name.split("/").includes("..");
}

function findEnd(buffer: Buffer): number {
  const lowest = Math.max(0, buffer.length - 22 - 65_535);
  for (let offset = buffer.length - 22; offset >= lowest; offset -= 1) {
    if (buffer.readUInt32LE(offset) === 0x06054b50) return offset;
  }
  throw corrupt();
}

function safeOffset(value: bigint, limit: number): number {
  if (value < 0n || value > BigInt(Math.max(0, limit))) throw corrupt();
  return Number(value);
}

function corrupt(cause?: unknown): FootnoteError {
  return new FootnoteError("document_corrupt", "The file is damaged or incomplete; open and save it again, then upload it.", { cause });
}

function tooLarge(maxInflatedBytes: number): FootnoteError {
  return new FootnoteError(
    "document_too_large",
    `The file unpacks to more than what is allowed (${maxInflatedBytes} bytes, or ${bombRatio} times its size); split it.`,
    {
      details: { maxInflatedBytes },
    },
  );
}
