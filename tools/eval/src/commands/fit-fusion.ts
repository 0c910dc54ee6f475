import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { type Context, createOutput, decimalNumber } from "@footnote/terminal";

interface FitFusionCommandOptions {
  json?: boolean;
  cache: string;
  features: string;
  crossEncoder?: string;
  l2: number;
  write?: boolean;
}

/** `eval fit-fusion`: makes the weights of learned fusion from training questions only. */
export function addEvalFitFusion(evaluate: Command, context: Context): void {
  const { signal, variables, cwd } = context;
  evaluate
    .command("fit-fusion")
    .description("fit the weights of learned fusion on SciFact's train claims and on pairs made from documentation")
    .option("--cache <folder>", "embeddings of earlier runs; for one process at a time", ".cache/embeddings")
    .option("--features <folder>", "features of earlier runs; delete it to collect them anew", ".cache/training/features")
    .option("--cross-encoder <folder>", "a reranker model whose score is one more feature")
    .option("--l2 <number>", "strength of the penalty", decimalNumber({ above: 0 }), 1)
    .option("--write", "write them as the next versions, beside those that are shipped")
    .addHelpText("after", "\nReads no test question: the sets' test files are never opened.\n")
    .action(async (options: FitFusionCommandOptions) => {
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const { findShared, inCheckout } = await import("../shared-folder.ts");
      const dataDir = findShared("data", variables);
      if (!dataDir || !existsSync(dataDir)) {
        output.print("skipped: the shared data is not here; set FOOTNOTE_SHARED", { type: "skipped", folder: "data" });
        return;
      }
      const { runFitFusion, writeFusion } = await import("../run-fit-fusion.ts");
      const fitted = await runFitFusion({
        dataDir,
        featuresDir: resolve(cwd, options.features),
        cacheDir: resolve(cwd, options.cache),
        ...(options.crossEncoder ? { crossEncoderDir: resolve(cwd, options.crossEncoder) } : {}),
        l2: options.l2,
        log: (line) => output.note(line),
        signal,
      });
      const lines = fitted.table.map(
        ({ source, queries, convex, fromOthers, fromAll }) =>
          `${source}: ${queries} questions, nDCG@10 convex ${convex.toFixed(4)}, fitted on the others ${fromOthers.toFixed(4)}, on all ${fromAll.toFixed(4)}`,
      );
      for (const [name, { weights }] of [["fusion", fitted.weights] as const, ["fusion-without-scifact", fitted.withoutScifact] as const]) {
        const sorted = Object.entries(weights).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
        lines.push(`${name}: ${sorted.map(([feature, weight]) => `${feature} ${weight}`).join(", ")}`);
      }
      output.print(lines.join("\n"), fitted);
      if (options.write) {
        const written = await writeFusion(inCheckout(""), fitted);
        output.print(`written: ${written.join(", ")}; a version serves once learned-weights.ts lists it`, { written });
      }
    });
}
