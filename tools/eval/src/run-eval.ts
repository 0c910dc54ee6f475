import type { LanguageModel } from "@footnote/core";
import type { EvalCase, EvalRun } from "@footnote/evaluation";
import { generatedPipeline } from "@footnote/server/models";
import { type RunEvalOptions, runOnCollection } from "@footnote/server/run-on-collection";
import { readCodeVersion } from "./code-version.ts";
import { openHandbookStore, readHandbookCases } from "./handbook-store.ts";
import { inCheckout } from "./shared-folder.ts";

/** The golden set over the sample documents, or other cases over the files of a folder, in a store of their own. */
export async function runOnHandbook(
  options: RunEvalOptions & {
    variables: Record<string, string | undefined>;
    cases?: readonly EvalCase[];
    /** Name and documents of other cases. Default: those of the golden set. */
    name?: string;
    folder?: string;
    /** A language model; with it there is the pipeline `generated`. */
    model?: LanguageModel;
  },
): Promise<EvalRun> {
  const { variables, pipeline = "default", name = "handbook", folder, model, log, signal } = options;
  const cases = options.cases ?? (await readHandbookCases());
  const store = await openHandbookStore({
    pipeline,
    variables,
    log,
    ...(model ? { specs: [generatedPipeline(model.name)], models: [model] } : {}),
    ...(folder ? { folder } : {}),
    ...(signal ? { signal } : {}),
  });
  try {
    const { client, collection, corpus } = store;
    const commit = await readCodeVersion(inCheckout("."));
    return await runOnCollection({ ...options, pipeline, client, collection, corpus, commit, dataset: { name, cases } });
  } finally {
    await store.close();
  }
}
