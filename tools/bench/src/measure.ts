/** Operations per second of one side in one round. */
export interface Sample {
  name: string;
  perSecond: number;
}

export interface Side {
  name: string;
  /** One operation; the index picks the input, so that all sides do the same work in the same order. */
  run: (index: number) => unknown | Promise<unknown>;
  /** Operations in flight at once. Default 1. */
  concurrency?: number;
}

export interface Comparison {
  /** Median operations per second by side. */
  perSecond: Map<string, number>;
  /** Median over rounds of the ratio of two sides measured next to each other. */
  ratio: (side: string, peer: string) => number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Runs the sides in turn, round after round, so that the machine's drift meets all of them. */
export async function compare(sides: readonly Side[], options: { seconds: number; rounds?: number }): Promise<Comparison> {
  const { seconds, rounds = 5 } = options;
  const budgetMs = (seconds * 1000) / rounds;
  const samples = new Map<string, number[]>(sides.map((side) => [side.name, []]));
  for (const side of sides) await side.run(0);
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) {
      let next = round * 7;
      let done = 0;
      const began = performance.now();
      const worker = async () => {
        while (performance.now() - began < budgetMs) {
          await side.run(next++);
          done += 1;
        }
      };
      await Promise.all(Array.from({ length: side.concurrency ?? 1 }, worker));
      samples.get(side.name)?.push(done / ((performance.now() - began) / 1000));
    }
  }
  return {
    perSecond: new Map([...samples].map(([name, values]) => [name, median(values)])),
    ratio(side, peer) {
      const ours = samples.get(side);
      const theirs = samples.get(peer);
      if (!ours || !theirs) throw new Error(`no side is called ${ours ? peer : side}`);
      return median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
    },
  };
}
