import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { Command } from "commander";
import { type Context, createOutput } from "@footnote/terminal";

/** `eval peers`: other people's retrieval on the sets of `eval retrieval`. */
export function addEvalPeers(evaluate: Command, context: Context): void {
  const { signal, cwd } = context;
  evaluate
    .command("peers")
    .description("bm25s and LangChain.js's ensemble (our chunks, our vectors) on folders in BEIR's layout, to compare with")
    .argument("<folder...>", "as for eval retrieval")
    .option("--cache <folder>", "embeddings of eval retrieval; for one process at a time", ".cache/embeddings")
    .option("--python <folder>", "a virtual environment for bm25s, made when it is not there", ".cache/bench-venv")
    .addHelpText("after", "\nLangChain.js is installed into tools/bench/peers when it is not there.\n")
    .action(async (folders: string[], options: { json?: boolean; cache: string; python: string }) => {
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const [{ createLocalEmbedder }, { withEmbeddingCache }, { evaluatePeers }] = await Promise.all([
        import("@footnote/embedding"),
        import("../embedding-cache.ts"),
        import("../retrieval-peers.ts"),
      ]);
      const present = folders.map((folder) => resolve(cwd, folder)).filter((folder) => existsSync(folder));
      if (present.length === 0)
        throw new FootnoteError("invalid_request", "None of the folders is here, so nothing was measured; check the paths.");
      const embedder = await withEmbeddingCache(createLocalEmbedder(), resolve(cwd, options.cache));
      try {
        for (const folder of present) {
          const peersDir = fileURLToPath(new URL("../../../../tools/bench/peers", import.meta.url));
          const scores = await evaluatePeers({
            folder,
            embedder,
            peersDir,
            pythonDir: resolve(cwd, options.python),
            log: (line) => output.note(line),
            signal,
          });
          for (const { pipeline, metrics } of scores) {
            const cells = Object.entries(metrics).map(
              ([name, { mean, low, high }]) => `${name} ${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`,
            );
            output.print(`${folder.split("/").at(-1) ?? ""}  ${pipeline}  ${cells.join("  ")}`, { folder, pipeline, metrics });
          }
        }
      } finally {
        await embedder.close();
      }
    });
}
