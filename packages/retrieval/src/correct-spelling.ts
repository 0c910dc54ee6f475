import {
  type ChunkReader,
  type Correction,
  type IndexScope,
  type LexicalAnalyzer,
  type LexicalIndex,
  respelled,
  spelledWord,
} from "@footnote/core";

/** Fewest letters of a word that is taken for a misspelling, and how many such words of a query are looked into. */
const shortest = 5;
const longest = 30;
const mostWords = 6;
/** Chunks that are read to see which spelling they hold. */
const witnesses = 20;
const alphabet = "abcdefghijklmnopqrstuvwxyz";

/**
 * The query with words that are no words and that no chunk holds in the spelling of one that some chunk holds: one letter wrong, missing, added, or two
 * neighbours changed (the candidates of Norvig, How to write a spelling corrector, 2007); never the first letter, nor a word with digits. Chunks outside
 * the scope's filter and principals are not asked, so a correction says nothing about them. Costs nothing where every word is one.
 *
 * `isWord`: whether a lower-case word is one of general language.
 */
export async function correctSpelling(request: {
  query: string;
  scope: IndexScope;
  analyzer: LexicalAnalyzer;
  lexical: LexicalIndex;
  chunks: ChunkReader;
  isWord(word: string): boolean;
  signal: AbortSignal;
}): Promise<{ query: string; corrections: Correction[] }> {
  const { query, scope, analyzer, lexical, chunks, isWord, signal } = request;
  const suspects = [...new Set(query.match(spelledWord))]
    .filter((word) => word.length >= shortest && word.length <= longest && /^[a-z]+$/iu.test(word) && !isWord(word.toLowerCase()))
    .slice(0, mostWords);
  const corrections: Correction[] = [];
  for (const word of suspects) {
    const own = analyzer.analyze(word);
    if (own.termIds.length === 0 || (await lexical.search({ ...scope, query: own, limit: 1, signal })).length > 0) continue;
    const spellings = oneLetterOff(word.toLowerCase());
    const hits = await lexical.search({ ...scope, query: analyzer.analyze(spellings.join(" ")), limit: witnesses, signal });
    const read = await chunks.read({ tenantId: scope.tenantId, chunkIds: hits.map(({ chunkId }) => chunkId), signal });
    const found = [...read.values()].map(({ title, headingPath, text }) => {
      const whole = [title ?? "", ...headingPath, text].join("\n");
      return analyzer.terms(whole).map(({ term, start, end }) => ({ term, word: whole.slice(start, end).toLowerCase() }));
    });
    const words = countsOf(found.map((terms) => terms.map((each) => each.word)));
    const terms = countsOf(found.map((each) => each.map(({ term }) => term)));
    const [best] = spellings
      .map((spelling) => {
        const known = isWord(spelling);
        const inOtherForm = known ? (terms.get(analyzer.terms(spelling)[0]?.term ?? "") ?? 0) : 0;
        return { spelling, known, count: Math.max(words.get(spelling) ?? 0, inOtherForm) };
      })
      .filter(({ count }) => count > 0)
      .toSorted((a, b) => Number(b.known) - Number(a.known) || b.count - a.count);
    if (best) corrections.push({ from: word, to: best.spelling });
  }
  return { query: respelled(query, corrections), corrections };
}

/** In how many lists each word is. */
function countsOf(lists: readonly (readonly string[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const list of lists) for (const word of new Set(list)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Every string one edit away that begins with the same letter, once, those of swapped, missing and doubled letters first. */
export function oneLetterOff(word: string): string[] {
  const found = new Set<string>();
  for (let at = 1; at + 1 < word.length; at++) found.add(word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2));
  for (let at = 1; at < word.length; at++) found.add(word.slice(0, at) + word.slice(at + 1));
  for (let at = 1; at <= word.length; at++) for (const letter of alphabet) found.add(word.slice(0, at) + letter + word.slice(at));
  for (let at = 1; at < word.length; at++) for (const letter of alphabet) found.add(word.slice(0, at) + letter + word.slice(at + 1));
  found.delete(word);
  return [...found];
}
