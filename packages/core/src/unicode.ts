/** True when a cut at `offset` would split a surrogate pair. */
export function splitsSurrogatePair(text: string, offset: number): boolean {
  if (offset <= 0 || offset >= text.length) return false;
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

/**
 * The one place where text becomes canonical, before any offset is taken: lone surrogates become U+FFFD, NUL and other
 * C0 controls except tab and line feed are dropped, CRLF and CR become LF, a leading byte-order mark goes.
 */
export function canonicalText(text: string): string {
  return text
    .toWellFormed()
    .replace(/^\uFEFF/u, "")
    .replace(/\r\n?/gu, "\n")
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/gu, "");
}

/** NFKC, case-folded, white space collapsed to one space, trimmed: the comparison behind `normalized` verification. */
export function foldText(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();
}
