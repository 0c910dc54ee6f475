import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { idPrefixes, isId, type KeyId } from "@footnote/core";

export type KeyKind = "tenant" | "operator";

const prefixes: Readonly<Record<KeyKind, string>> = { tenant: "fn_live_", operator: "fn_op_" };
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 62^32 > 2^190. */
const secretLength = 32;
const checksumLength = 6;

/** What secret scanners look for; the checksum tells a real key from one that only looks like it. */
export const keyPattern = /\bfn_(?:live|op)_[0-7][0-9a-hjkmnp-tv-z]{25}_[0-9A-Za-z]{38}\b/;
const wholeKey = /^(fn_live_|fn_op_)([0-9a-z]{26})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;

export interface ParsedKey {
  kind: KeyKind;
  id: KeyId;
  /** SHA-256 of the whole key in hex: the only thing that is stored. */
  digest: string;
}

/** A new secret for a key id. The result is shown once; store `digest`. */
export function makeKey(kind: KeyKind, id: KeyId): { key: string; digest: string } {
  let secret = "";
  for (let i = 0; i < secretLength; i++) secret += alphabet[randomInt(alphabet.length)] ?? "";
  const body = `${prefixes[kind]}${id.slice(idPrefixes.key.length + 1)}_${secret}`;
  const key = body + checksum(body);
  return { key, digest: digestOf(key) };
}

/** Null for everything that this program never made: typos are refused without a look into the database. */
export function parseKey(key: string): ParsedKey | null {
  const match = wholeKey.exec(key);
  if (!match) return null;
  const [, prefix, body, , sum] = match;
  const id = `${idPrefixes.key}_${body}`;
  if (!isId("key", id) || checksum(key.slice(0, -checksumLength)) !== sum) return null;
  return { kind: prefix === prefixes.operator ? "operator" : "tenant", id, digest: digestOf(key) };
}

/** Compares two hex digests in constant time. */
export function digestsEqual(a: string, b: string): boolean {
  const left = Buffer.from(a, "hex");
  const right = Buffer.from(b, "hex");
  return left.length === 32 && left.length === right.length && timingSafeEqual(left, right);
}

/** CRC-32 in base 62, six digits. */
function checksum(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let i = 0; i < checksumLength; i++) {
    digits = (alphabet[rest % alphabet.length] ?? "0") + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}

function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
