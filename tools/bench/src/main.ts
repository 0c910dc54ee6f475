/** `pnpm bench <name>`: performance as ratios against a named peer measured in the same run, with an A/A control. */
import { parseArgs } from "node:util";

interface Benchmark {
  summary: string;
  run: (options: { seconds: number; chunks: number }) => Promise<unknown>;
}

const log = (line: string) => console.log(line);
const benchmarks: Readonly<Record<string, Benchmark>> = {
  embed: {
    summary: "texts per second of the embedder against a bare onnxruntime loop",
    run: async ({ seconds }) => (await import("./embed.ts")).benchEmbed({ seconds, log }),
  },
  stream: {
    summary: "events per second of the SSE encoder against Hono's streamSSE",
    run: async ({ seconds }) => (await import("./stream.ts")).benchStream({ seconds, log }),
  },
  search: {
    summary: "lexical and hybrid queries per second against wink, LangChain.js, bare SQL and bm25s + hnswlib",
    run: async ({ seconds, chunks }) => (await import("./search.ts")).benchSearch({ seconds, chunks, log }),
  },
  ingest: {
    summary: "time from 202 to searchable for a 1 kB file on an idle server",
    run: async () => (await import("./ingest.ts")).benchIngest({ log }),
  },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "5" },
    chunks: { type: "string", default: "20000" },
    help: { type: "boolean", default: false },
  },
});
const [name] = positionals;
const chosen = name === undefined ? undefined : benchmarks[name];
if (!chosen || values.help) {
  console.log("pnpm bench <name> [--seconds n] [--chunks n]\n");
  for (const [known, { summary }] of Object.entries(benchmarks)) console.log(`  ${known.padEnd(8)} ${summary}`);
  process.exitCode = values.help ? 0 : 2;
} else await chosen.run({ seconds: Number(values.seconds), chunks: Number(values.chunks) });
