/** Words of a text as the answer compares them, in order, with their spans. `LexicalAnalyzer.terms` is one. */
export type TermsOf = (text: string) => { term: string; start: number; end: number }[];

const stops = new Set(
  (
    "a an the and or but of to in on at by for from with as is are was were be been being it its this that these those there here he she they " +
    "we you i do does did has have had will would can could may might shall should must which who whom whose what when where why how than then so also"
  ).split(" "),
);

/** Folded words without stop words and plural endings: for callers that have no analyzer at hand. */
export const plainTerms: TermsOf = (text) => {
  const found: { term: string; start: number; end: number }[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    const word = match[0].normalize("NFKC").toLowerCase();
    if (stops.has(word)) continue;
    const term = /^[a-z]{5,}$/u.test(word) ? word.replace(/(?:ies|ing|ed|es|s)$/u, "") : word;
    found.push({ term, start: match.index, end: match.index + match[0].length });
  }
  return found;
};
