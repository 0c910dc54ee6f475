export interface OverlapScore {
  precision: number;
  recall: number;
  f1: number;
}

/** Lower-cased runs of letters, marks and digits; scripts without spaces count each character. */
export function extractionTokens(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}

/** F1 over multisets: 2·|A∩B| / (|A|+|B|). Two empty sides agree. */
export function multisetF1(found: readonly string[], expected: readonly string[]): OverlapScore {
  if (found.length === 0 && expected.length === 0) return { precision: 1, recall: 1, f1: 1 };
  const counts = new Map<string, number>();
  for (const item of expected) counts.set(item, (counts.get(item) ?? 0) + 1);
  let common = 0;
  for (const item of found) {
    const left = counts.get(item) ?? 0;
    if (left > 0) {
      counts.set(item, left - 1);
      common += 1;
    }
  }
  const precision = found.length === 0 ? 0 : common / found.length;
  const recall = expected.length === 0 ? 0 : common / expected.length;
  return { precision, recall, f1: (2 * common) / (found.length + expected.length) };
}

/** F1 over the multisets of word tokens. Blind to order: pair it with `shingleF1` where order matters. */
export function tokenMultisetF1(found: string, expected: string): OverlapScore {
  return multisetF1(extractionTokens(found), extractionTokens(expected));
}

/** F1 over the multisets of runs of four tokens, the metric of the article-extraction benchmark (scrapinghub, 2020). */
export function shingleF1(found: string, expected: string): OverlapScore {
  return multisetF1(shingles(extractionTokens(found)), shingles(extractionTokens(expected)));
}

function shingles(tokens: readonly string[]): string[] {
  if (tokens.length < 4) return tokens.length === 0 ? [] : [tokens.join(" ")];
  return tokens.slice(3).map((token, index) => `${tokens[index]} ${tokens[index + 1]} ${tokens[index + 2]} ${token}`);
}

/** F1 over the multisets of characters, compared after NFKC and without white space: did every letter come out, wherever it stands? */
export function characterMultisetF1(found: string, expected: string): OverlapScore {
  return multisetF1(visibleCharacters(found), visibleCharacters(expected));
}

function visibleCharacters(text: string): string[] {
  return [...text.normalize("NFKC").replace(/[\s\u0000\u00AD\u200B\uFEFF]+/gu, "")];
}
