import { analyse } from "chardet";

export interface DecodedText {
  text: string;
  /** WHATWG name of the encoding used. */
  encoding: string;
  /** True when the encoding was guessed from the bytes' statistics. */
  guessed: boolean;
}

const byteOrderMarks: readonly [encoding: string, bytes: readonly number[]][] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/**
 * Bytes → text: byte-order mark, then the declared encoding where it fits, then UTF-8 where it is valid, UTF-16 without a mark (every
 * other byte is mostly zero), then statistics over the first 64 kB. Never throws: what cannot be decoded becomes U+FFFD.
 */
export function decodeText(bytes: Uint8Array, declared?: string): DecodedText {
  const marked = byteOrderMarks.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte));
  if (marked !== undefined) return { text: decodeAs(bytes, marked[0]) ?? "", encoding: marked[0], guessed: false };
  const wide = wideEncoding(bytes);
  if (wide !== null) return { text: decodeAs(bytes, wide) ?? "", encoding: wide, guessed: false };
  // UTF-8 goes before what was declared: legacy text is hardly ever valid UTF-8 by chance, wrong declarations are common.
  const utf8 = decodeAs(bytes, "utf-8", true);
  const legacyAscii = declared !== undefined && /^iso-2022|^utf-7|^hz/iu.test(declared);
  if (utf8 !== null && !legacyAscii && !utf8.includes("\u001B$")) return { text: utf8, encoding: "utf-8", guessed: false };
  if (declared !== undefined) {
    const text = decodeAs(bytes, declared);
    if (text !== null && !/^utf-?8$/iu.test(declared)) return { text, encoding: declared.toLowerCase(), guessed: false };
  }
  const encoding = guessEncoding(bytes);
  return { text: decodeAs(bytes, encoding) ?? decodeAs(bytes, "windows-1252") ?? "", encoding, guessed: true };
}

function decodeAs(bytes: Uint8Array, encoding: string, fatal = false): string | null {
  try {
    return new TextDecoder(encoding, { fatal }).decode(bytes);
  } catch {
    return null;
  }
}

/** UTF-16 without a mark: Latin text has a zero in almost every second byte. */
function wideEncoding(bytes: Uint8Array): "utf-16le" | "utf-16be" | null {
  const length = Math.min(bytes.length, 4096) & ~1;
  if (length < 4) return null;
  let even = 0;
  let odd = 0;
  for (let index = 0; index < length; index += 2) {
    if (bytes[index] === 0) even += 1;
    if (bytes[index + 1] === 0) odd += 1;
  }
  const pairs = length / 2;
  if (odd > pairs * 0.6 && even < pairs * 0.05) return "utf-16le";
  if (even > pairs * 0.6 && odd < pairs * 0.05) return "utf-16be";
  return null;
}

function guessEncoding(bytes: Uint8Array): string {
  const sample = bytes.subarray(0, 65_536);
  // Mostly valid UTF-8 with a few broken bytes is UTF-8 with a few broken bytes.
  const decoded = decodeAs(sample, "utf-8") ?? "";
  let broken = 0;
  let wide = 0;
  for (const character of decoded) {
    if (character === "\uFFFD") broken += 1;
    else if (character > "\u007F") wide += 1;
  }
  if (wide > broken * 20) return "utf-8";
  const matches = analyse(sample);
  // Short East Asian text looks like Western punctuation to the statistics: Western text has letters there.
  const western = decodeAs(sample, "windows-1252") ?? "";
  const high = western.match(/[\u0080-\u{10FFFF}]/gu) ?? [];
  if (high.length > 8 && high.filter((character) => !/\p{L}/u.test(character)).length > high.length * 0.3) {
    const multiByte = matches.map(({ name }) => name).filter((name) => /^(?:Shift_JIS|EUC-JP|EUC-KR|GB18030|Big5)$/iu.test(name));
    const valid = [...multiByte, "shift_jis", "euc-jp", "euc-kr", "gb18030", "big5"].find((name) => decodeAs(sample, name, true) !== null);
    if (valid !== undefined) return valid.toLowerCase();
  }
  for (const match of matches) {
    // One-byte Central European, Turkish and Greek guesses on little evidence are mostly Western text.
    const name = match.name === "ISO-8859-1" ? "windows-1252" : match.name;
    if (name !== "UTF-8" && match.confidence >= 10 && decodeAs(sample, name) !== null) return name.toLowerCase();
  }
  return "windows-1252";
}
