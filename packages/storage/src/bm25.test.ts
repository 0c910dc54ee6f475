import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bestScores, readPostings, scorePostings, type PostingList } from "./bm25.ts";

/** Read from a bigint[] as Postgres's array_send writes it. */
function sent(postings: readonly { number: number; frequency: number; length: number }[]): PostingList {
  const buffer = Buffer.alloc(20 + 12 * postings.length);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(postings.length, 12);
  for (const [at, { number, frequency, length }] of postings.entries()) {
    buffer.writeInt32BE(8, 20 + 12 * at);
    buffer.writeBigInt64BE((BigInt(number) << 23n) | (BigInt(frequency) << 14n) | BigInt(length), 24 + 12 * at);
  }
  return readPostings(buffer);
}

describe("BM25 over posting lists", () => {
  it("is the formula", () => {
    const lists = [sent([{ number: 3, frequency: 2, length: 10 }]), sent([{ number: 9, frequency: 1, length: 30 }])];
    const scores = scorePostings([{ documentFrequency: 2, queryFrequency: 1, lists }], { chunkCount: 4, totalLength: 80 });
    const idf = Math.log(1 + (4 - 2 + 0.5) / (2 + 0.5));
    expect([...scores.numbers]).toEqual([3, 9]);
    expect(scores.scores[0]).toBeCloseTo((idf * 2) / (2 + 1.2 * (0.25 + (0.75 * 10) / 20)), 12);
    expect(scores.scores[1]).toBeCloseTo(idf / (1 + 1.2 * (0.25 + (0.75 * 30) / 20)), 12);
  });

  it("reads numbers beyond 32 bits, and nothing from an empty list", () => {
    const number = 2 ** 39 + 5;
    const scores = scorePostings(
      [{ documentFrequency: 1, queryFrequency: 2, lists: [sent([]), sent([{ number, frequency: 511, length: 16_383 }])] }],
      { chunkCount: 1, totalLength: 100 },
    );
    expect([...scores.numbers]).toEqual([number]);
    expect(
      scorePostings([{ documentFrequency: 1, queryFrequency: 1, lists: [readPostings(new Uint8Array(12))] }], {
        chunkCount: 1,
        totalLength: 1,
      }).numbers.length,
    ).toBe(0);
  });
});

it("sums numbers that lie far apart as those that lie close", () => {
  const totals = { chunkCount: 10, totalLength: 100 };
  const near = [3, 5, 9].map((number) => ({ number, frequency: 2, length: 7 }));
  const far = near.map((posting) => ({ ...posting, number: posting.number * 1e9 }));
  const score = (postings: typeof near) =>
    scorePostings(
      [
        { documentFrequency: 3, queryFrequency: 1, lists: [sent(postings.slice(0, 1)), sent(postings.slice(1))] },
        { documentFrequency: 1, queryFrequency: 2, lists: [sent(postings.slice(2))] },
      ],
      totals,
    );
  expect([...score(far).numbers].sort((a, z) => a - z)).toEqual([3e9, 5e9, 9e9]);
  expect([...score(far).scores].sort()).toEqual([...score(near).scores].sort());
});

describe("the best scores", () => {
  it("are those of a full sort, equals by number", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 20 })), { maxLength: 300 }),
        fc.integer({ min: 1, max: 40 }),
        (pairs, count) => {
          const scores = new Map(pairs.map(([number, score]) => [number, score / 7]));
          const sorted = [...scores].map(([number, score]) => ({ number, score })).sort((a, z) => z.score - a.score || a.number - z.number);
          expect(bestScores({ numbers: Float64Array.from(scores.keys()), scores: Float64Array.from(scores.values()) }, count)).toEqual(
            sorted.slice(0, count),
          );
        },
      ),
    );
  });
});
