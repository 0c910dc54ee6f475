/** Term ids are 1…this: the most dimensions that a pgvector `sparsevec` can have, and below 2^30. */
export const maxTermId = 1_000_000_000;

/**
 * The id of a term: MurmurHash3 (x86, 32 bits, Austin Appleby) over its UTF-16 code units, reduced to 1…10^9. Two of `n`
 * distinct terms meet with n(n−1)/2 pairs over 10^9: a vocabulary of 100,000 words has about 5 colliding pairs, and a
 * given word has a chance of 0.01 % to share its id. A collision adds a wrong posting, never loses a right one.
 */
export function termId(term: string): number {
  let hash = 0x9747b28c;
  const end = term.length & ~1;
  for (let i = 0; i < end; i += 2) {
    let block = term.charCodeAt(i) | (term.charCodeAt(i + 1) << 16);
    block = Math.imul(block, 0xcc9e2d51);
    block = Math.imul((block << 15) | (block >>> 17), 0x1b873593);
    hash ^= block;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (end < term.length) {
    let block = Math.imul(term.charCodeAt(end), 0xcc9e2d51);
    block = Math.imul((block << 15) | (block >>> 17), 0x1b873593);
    hash ^= block;
  }
  hash ^= term.length * 2;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  return 1 + (hash % maxTermId);
}
