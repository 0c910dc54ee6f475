/** `pnpm bench <name>`: performance as ratios against a named peer measured in the same run, with an A/A control. */
import { Command, InvalidArgumentError, Option } from "commander";

const log = (line: string) => console.log(line);

function above0(value: string): number {
  const number = /^\d{1,9}(?:\.\d{1,6})?$/u.test(value) ? Number(value) : 0;
  if (number === 0) throw new InvalidArgumentError("Give a number above 0.");
  return number;
}

function whole(value: string): number {
  if (!Number.isInteger(above0(value))) throw new InvalidArgumentError("Give a whole number above 0.");
  return Number(value);
}

const seconds = () => new Option("--seconds <number>", "how long each side of a comparison runs").argParser(above0).default(5);
const program = new Command("bench").description(
  "performance as ratios against a named peer measured in the same run, with an A/A control",
);

program
  .command("embed")
  .description("texts per second of the embedder against a bare onnxruntime loop")
  .addOption(seconds())
  .action(async (options: { seconds: number }) => {
    await (await import("./embed.ts")).benchEmbed({ ...options, log });
  });
program
  .command("stream")
  .description("events per second of the SSE encoder against Hono's streamSSE")
  .addOption(seconds())
  .action(async (options: { seconds: number }) => {
    await (await import("./stream.ts")).benchStream({ ...options, log });
  });
program
  .command("search")
  .description("lexical and hybrid queries per second against wink, LangChain.js, bare SQL and bm25s + hnswlib")
  .addOption(seconds())
  .option("--chunks <number>", "chunks in the store that is searched", whole, 20_000)
  .action(async (options: { seconds: number; chunks: number }) => {
    await (await import("./search.ts")).benchSearch({ ...options, log });
  });
program
  .command("ingest")
  .description("time from 202 to searchable for a 1 kB file on an idle server")
  .action(async () => {
    await (await import("./ingest.ts")).benchIngest({ log });
  });

await program.parseAsync();
