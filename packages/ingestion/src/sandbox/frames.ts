/**
 * Messages between the sandbox and its child: 4 bytes length of the JSON part, 4 bytes length of the raw part (big endian), JSON, raw bytes.
 */
export interface Frame {
  json: unknown;
  raw: Buffer;
}

const headerBytes = 8;

export function encodeFrame(json: unknown, raw: Uint8Array = new Uint8Array(0)): Buffer[] {
  const body = Buffer.from(JSON.stringify(json));
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(body.length, 0);
  header.writeUInt32BE(raw.length, 4);
  return [header, body, Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)];
}

/** Collects chunks and gives whole frames. Throws RangeError on a frame above `maxBytes`, SyntaxError on broken JSON. */
export class FrameReader {
  private parts: Buffer[] = [];
  private length = 0;
  private readonly maxBytes: number;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  push(chunk: Buffer): Frame[] {
    this.parts.push(chunk);
    this.length += chunk.length;
    const frames: Frame[] = [];
    for (;;) {
      if (this.length < headerBytes) return frames;
      const header = this.peek(headerBytes);
      const jsonLength = header.readUInt32BE(0);
      const rawLength = header.readUInt32BE(4);
      const total = headerBytes + jsonLength + rawLength;
      if (total > this.maxBytes) throw new RangeError(`A message of ${total} bytes is above the limit of ${this.maxBytes}.`);
      if (this.length < total) return frames;
      const whole = Buffer.concat(this.parts);
      this.parts = whole.length > total ? [whole.subarray(total)] : [];
      this.length = whole.length - total;
      const json: unknown = JSON.parse(whole.toString("utf8", headerBytes, headerBytes + jsonLength));
      frames.push({ json, raw: whole.subarray(headerBytes + jsonLength, total) });
    }
  }

  /** The first bytes, without joining what follows. */
  private peek(count: number): Buffer {
    const [first] = this.parts;
    if (first !== undefined && first.length >= count) return first;
    const joined = Buffer.concat(this.parts);
    this.parts = [joined];
    return joined;
  }
}
