import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { finishReasons, FootnoteError } from "@footnote/core";
import type { Baseline } from "@footnote/evaluation/gate";
import { z } from "zod";

const metrics = z.record(z.string(), z.number().nullable());
const place = z.strictObject({ document: z.string(), start: z.int().min(0), end: z.int().min(0) });
const header = z.strictObject({
  format: z.literal(1),
  dataset: z.strictObject({ name: z.string(), sha256: z.string(), split: z.enum(["train", "test"]) }),
  pipeline: z.string(),
  pipelineHash: z.string(),
  corpus: z.string().nullable(),
  judges: z.array(z.string()),
  commit: z.string().nullable(),
  createdAt: z.string(),
  machine: z.strictObject({ calibrationMs: z.number(), cpuMs: z.number(), loadPerCore: z.number() }).nullable(),
  history: z.array(z.strictObject({ at: z.string(), commit: z.string().nullable(), reason: z.string(), means: metrics })),
});
const gateCase = z.strictObject({
  id: z.string(),
  question: z.string(),
  answerable: z.boolean(),
  tags: z.array(z.string()),
  metrics,
  text: z.string(),
  finishReason: z.enum(finishReasons).nullable(),
  citations: z.array(place.extend({ text: z.string() })),
  contexts: z.array(place),
  milliseconds: z.number(),
  usd: z.number(),
});

/** One file for each dataset, split and pipeline: a header, then a line for each case, so that a diff shows which ones changed. */
export function baselinePath(folder: string, { dataset, split, pipeline }: { dataset: string; split: string; pipeline: string }): string {
  return join(folder, `${dataset}.${split}.${pipeline}.jsonl`);
}

/** Null when there is none. Throws `invalid_request` when the file is damaged. */
export async function readBaseline(path: string): Promise<Baseline | null> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  try {
    const [first, ...rest] = text.split("\n").filter((line) => line.trim() !== "");
    const { format: _format, ...known } = header.parse(JSON.parse(first ?? ""));
    return { ...known, cases: rest.map((line) => gateCase.parse(JSON.parse(line))) };
  } catch (cause) {
    throw new FootnoteError(
      "invalid_request",
      `The baseline ${path} cannot be read; take it from the last commit or make it anew with pnpm eval gate --update-baseline "<why>".`,
      { cause },
    );
  }
}

export async function writeBaseline(folder: string, baseline: Baseline): Promise<string> {
  const { cases, ...known } = baseline;
  const path = baselinePath(folder, { dataset: known.dataset.name, split: known.dataset.split, pipeline: known.pipeline });
  const lines = [{ format: 1, ...known }, ...cases.toSorted((a, b) => (a.id < b.id ? -1 : 1))].map((line) => JSON.stringify(line));
  await mkdir(folder, { recursive: true });
  // A reader never sees half of it.
  await writeFile(`${path}.new`, `${lines.join("\n")}\n`);
  await rename(`${path}.new`, path);
  return path;
}
