import { availableParallelism } from "node:os";
import { createLocalEmbedder } from "@footnote/embedding";
import { createBareLoop } from "@footnote/embedding/testing";
import { median } from "./measure.ts";

export interface EmbedBenchResult {
  threads: number;
  rows: {
    workload: string;
    /** Texts per second of the embedder, medians over the rounds. */
    textsPerSecond: number;
    barePerSecond: number;
    /** Median of ours / bare per round; the goal is 0.9. */
    ratio: number;
    /** Median of bare / bare per round: what the machine's noise alone does. */
    control: number;
    rounds: number;
  }[];
}

const sentence = "the committee approves travel that costs more than the usual limit when the reason is written down before";

/**
 * Our embedder against a bare onnxruntime loop: the same model, the same number of threads with one onnxruntime thread
 * each, one text a call. A round is bare, ours, bare in turn on equal texts, so that drift hits all alike.
 */
export async function benchEmbed(options: { seconds: number; log: (line: string) => void }): Promise<EmbedBenchResult> {
  const { seconds, log } = options;
  const threads = Math.min(availableParallelism(), 4);
  const embedder = createLocalEmbedder({ threads });
  const bare = await createBareLoop({ threads, maxTokens: embedder.capabilities.maxTokens });
  const rows: EmbedBenchResult["rows"] = [];
  try {
    for (const [workload, words, count] of [
      ["180 words", 180, 12 * threads],
      ["12 words", 12, 100 * threads],
    ] as const) {
      const texts = Array.from({ length: count }, (_, at) => `${at} ${`${sentence} `.repeat(12).split(" ").slice(0, words).join(" ")}`);
      const ours = async () => {
        const started = performance.now();
        await embedder.embed({ texts, purpose: "passage" });
        return performance.now() - started;
      };
      await ours();
      await bare.run(texts);
      const times: { first: number; ours: number; second: number }[] = [];
      const until = performance.now() + (seconds * 1000) / 2;
      while (times.length < 3 || performance.now() < until) {
        const first = await bare.run(texts);
        const mine = await ours();
        times.push({ first, ours: mine, second: await bare.run(texts) });
      }
      const row = {
        workload,
        textsPerSecond: (1000 * count) / median(times.map((time) => time.ours)),
        barePerSecond: (1000 * count) / median(times.flatMap((time) => [time.first, time.second])),
        ratio: median(times.map((time) => (time.first + time.second) / 2 / time.ours)),
        control: median(times.map((time) => time.first / time.second)),
        rounds: times.length,
      };
      rows.push(row);
      log(
        `embed, ${workload}: ${row.textsPerSecond.toFixed(0)} texts/s, bare onnxruntime ${row.barePerSecond.toFixed(0)} texts/s, ` +
          `ratio ${row.ratio.toFixed(3)} (goal 0.9), A/A ${row.control.toFixed(3)}, ${row.rounds} rounds, ${threads} threads of 1 on both sides`,
      );
    }
  } finally {
    await Promise.all([bare.close(), embedder.close()]);
  }
  return { threads, rows };
}
