/** Fewest letters of a word that is taken for a misspelling, and from where on two errors are forgiven. */
const shortest = 5;
const twoErrorsFrom = 8;

/**
 * For each term that nobody has, the term most like it that somebody has: one letter wrong, missing, added or changed places, or two in a word of
 * eight letters and more. Words with digits are never corrected, nor is the first letter.
 */
export function nearSpellings(terms: readonly string[], vocabulary: ReadonlySet<string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const term of terms) {
    if (term.length < shortest || vocabulary.has(term) || !/^\p{L}+$/u.test(term)) continue;
    const allowed = term.length >= twoErrorsFrom ? 2 : 1;
    let nearest = allowed + 1;
    for (const other of vocabulary) {
      if (other.charAt(0) !== term.charAt(0) || Math.abs(other.length - term.length) > allowed || !/^\p{L}+$/u.test(other)) continue;
      const distance = editDistance(term, other, nearest - 1);
      if (distance < nearest) {
        nearest = distance;
        found.set(term, other);
      }
    }
  }
  return found;
}

/**
 * Optimal string alignment distance (Damerau 1964; Levenshtein 1966, neighbours may change places once): letters to insert, delete, replace or swap.
 * More than `limit` is given as `limit + 1`.
 */
export function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    if (Math.min(...row) > limit) return limit + 1;
    [before, previous] = [previous, row];
  }
  return Math.min(previous[b.length] ?? 0, limit + 1);
}
