import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, pipelineHash, type PipelineSpec, sha256 } from "@footnote/core";
import { z } from "zod";

/** One pipeline on one set, by question. */
const ablationResultSchema = z.object({
  dataset: z.string(),
  split: z.string(),
  pipelineHash: z.string(),
  documents: z.number(),
  chunks: z.number(),
  /** Values of each metric by question id; a metric that does not apply to a question is not there. */
  values: z.record(z.string(), z.record(z.string(), z.number())),
  /** Milliseconds of each question. */
  milliseconds: z.array(z.number()),
  /** Milliseconds of the reference on the same questions, one after the other with these; absent where it was not asked beside it. */
  baselineMilliseconds: z.array(z.number()).optional(),
  usd: z.number(),
  degraded: z.number(),
  commit: z.string().nullable(),
});
export type AblationResult = z.infer<typeof ablationResultSchema>;

export interface ResultKey {
  dataset: string;
  split: string;
  spec: PipelineSpec;
  /** Only the first so many questions; null: all. */
  limit: number | null;
  /** Hash of what is asked and of what is searched. */
  data: string;
}

export interface AblationResults {
  get(key: ResultKey): Promise<AblationResult | null>;
  put(key: ResultKey, result: AblationResult): Promise<void>;
}

/**
 * Results as files of a folder, so that an ablation that was interrupted goes on where it stood. A result is known by set, questions and
 * the hash of the pipeline, not by the code: after a change of the code that a figure may depend on, use another folder.
 */
export function createAblationResults(folder: string): AblationResults {
  const pathOf = ({ dataset, split, spec, limit, data }: ResultKey) =>
    join(
      folder,
      `${dataset}.${split}.${sha256(canonicalJson({ format: 1, limit, data, pipeline: pipelineHash(spec) })).slice(0, 24)}.json`,
    );
  return {
    async get(key) {
      const text = await readFile(pathOf(key), "utf8").catch(() => null);
      return text === null ? null : ablationResultSchema.parse(JSON.parse(text));
    },
    async put(key, result) {
      await mkdir(folder, { recursive: true });
      const path = pathOf(key);
      await writeFile(`${path}.part`, JSON.stringify(result));
      await rename(`${path}.part`, path);
    },
  };
}
