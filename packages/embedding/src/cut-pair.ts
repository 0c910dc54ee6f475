/**
 * Positions of an encoded pair that stay within `maxTokens`: special tokens all, the query up to half of the room (all of
 * it when the passage leaves more), the passage up to what is left. Only the passage is cut unless the query is longer
 * than half. `pair` is the query's and the passage's tokens in this order, with special tokens before, between and after.
 */
export function cutPair(options: {
  query: readonly number[];
  passage: readonly number[];
  pair: readonly number[];
  maxTokens: number;
}): number[] {
  const { query, passage, pair, maxTokens } = options;
  const all = Array.from(pair, (_, at) => at);
  if (pair.length <= maxTokens) return all;
  const special = pair.length - query.length - passage.length;
  const room = Math.max(0, maxTokens - special);
  const keptOfQuery = Math.min(query.length, Math.max(Math.floor(room / 2), room - passage.length));
  const keptOfPassage = Math.min(passage.length, room - keptOfQuery);
  const queryStart = find(pair, query, 0);
  const passageStart = find(pair, passage, queryStart + query.length);
  return all.filter((at) => {
    if (at >= queryStart && at < queryStart + query.length) return at < queryStart + keptOfQuery;
    if (at >= passageStart && at < passageStart + passage.length) return at < passageStart + keptOfPassage;
    return true;
  });
}

/** Where `part` begins in `whole`, looked for among the few positions that special tokens allow. */
function find(whole: readonly number[], part: readonly number[], from: number): number {
  for (let start = from; start <= whole.length - part.length; start++) {
    if (part.every((token, at) => whole[start + at] === token)) return start;
  }
  return from;
}
