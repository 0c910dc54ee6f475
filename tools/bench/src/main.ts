/** `pnpm bench <name>`: performance as ratios against a named peer measured in the same run, with an A/A control. */
import { Command, Option } from "commander";
import { decimalNumber, wholeNumber } from "@footnote/terminal";

const log = (line: string) => console.log(line);

const seconds = () =>
  new Option("--seconds <number>", "how long each side of a comparison runs").argParser(decimalNumber({ above: 0 })).default(5);
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
  .option("--chunks <number>", "chunks in the store that is searched", wholeNumber(), 20_000)
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
