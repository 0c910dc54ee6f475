import { createHash } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Embedder, Embedding } from "@footnote/core";

/**
 * An embedder that remembers on disk, so that a set is embedded once and not at every run. One append-only file per
 * space: records of SHA-256 of purpose and text (32 bytes), token count and length of the token vectors (uint32 each,
 * little-endian), the vector (float32) and the token vectors. A record cut short by a crash is dropped and made again.
 * A text that is known without token vectors is embedded again when a call asks for them. Not for two processes at once. Vectors tell of
 * their texts: only the owner may read the file.
 */
export async function withEmbeddingCache(embedder: Embedder, folder: string): Promise<Embedder> {
  const { dimensions, id } = embedder.space;
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${id}.bin`);
  const known = new Map<string, Embedding>();
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  let at = 0;
  while (at + 40 + dimensions * 4 <= bytes.length) {
    const tokenVectorBytes = bytes.readUInt32LE(at + 36);
    const end = at + 40 + dimensions * 4 + tokenVectorBytes;
    if (end > bytes.length) break;
    const vector = new Float32Array(dimensions);
    for (let i = 0; i < dimensions; i++) vector[i] = bytes.readFloatLE(at + 40 + i * 4);
    known.set(bytes.toString("hex", at, at + 32), {
      vector,
      tokenCount: bytes.readUInt32LE(at + 32),
      ...(tokenVectorBytes > 0 ? { tokenVectors: new Uint8Array(bytes.subarray(end - tokenVectorBytes, end)) } : {}),
    });
    at = end;
  }
  const file = await open(path, "a", 0o600);
  if (at < bytes.length) await file.truncate(at);

  function encode(key: string, { vector, tokenCount, tokenVectors }: Embedding): Buffer {
    const record = Buffer.alloc(40 + dimensions * 4 + (tokenVectors?.length ?? 0));
    record.write(key, 0, "hex");
    record.writeUInt32LE(tokenCount, 32);
    record.writeUInt32LE(tokenVectors?.length ?? 0, 36);
    for (let i = 0; i < dimensions; i++) record.writeFloatLE(vector[i] ?? 0, 40 + i * 4);
    if (tokenVectors) record.set(tokenVectors, 40 + dimensions * 4);
    return record;
  }

  return {
    space: embedder.space,
    capabilities: embedder.capabilities,
    countTokens: (text) => embedder.countTokens(text),
    async embed(request) {
      const keys = request.texts.map((text) => createHash("sha256").update(`${request.purpose}\0${text}`).digest("hex"));
      const { tokenVectors = false } = request;
      const isKnown = (key: string) => known.has(key) && (!tokenVectors || known.get(key)?.tokenVectors !== undefined);
      const missing = [...new Map(keys.flatMap((key, index) => (isKnown(key) ? [] : [[key, request.texts[index] ?? ""] as const])))];
      if (missing.length > 0) {
        const made = await embedder.embed({ ...request, texts: missing.map(([, text]) => text) });
        const records: Buffer[] = [];
        for (const [index, [key]] of missing.entries()) {
          const embedding = made[index];
          if (!embedding) continue;
          known.set(key, embedding);
          records.push(encode(key, embedding));
        }
        await file.appendFile(Buffer.concat(records));
      }
      return keys.flatMap((key) => {
        const found = known.get(key);
        return found ? [found] : [];
      });
    },
    async close() {
      await file.close();
      await embedder.close();
    },
  };
}
