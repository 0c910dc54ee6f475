import { readFile } from "node:fs/promises";
import { FootnoteError } from "@footnote/core";
import type { GateSettings } from "@footnote/evaluation/gate";
import { z } from "zod";

const share = z.number().gt(0).lt(1);
const bound = z.number().min(0).max(1);
const floor = z
  .strictObject({
    dataset: z.string().min(1),
    metric: z.string().min(1),
    slice: z.string().min(1).optional(),
    atLeast: bound.optional(),
    above: bound.optional(),
    pipelines: z.array(z.string().min(1)).min(1).optional(),
    when: z.enum(["always", "measured"]).optional(),
  })
  .refine(({ atLeast, above }) => (atLeast === undefined) !== (above === undefined), "needs either atLeast or above");

const ratioBounds = z.strictObject({ warnAbove: z.number().gt(1), failAbove: z.number().gt(1) });

const gateSettings = z.strictObject({
  familyWiseAlpha: share,
  resamples: z.int().min(1_000).max(1_000_000),
  minimumCases: z.int().min(2),
  metrics: z.array(z.string().min(1)).min(1),
  floors: z.array(floor),
  ratios: z.strictObject({
    usd: z.strictObject({ failAbove: z.number().gt(1) }),
    milliseconds: ratioBounds.extend({ busyAbove: z.number().gt(0) }),
    cpu: ratioBounds,
  }),
});

/** evals/gates.json; what is wrong with it is said by field. */
export async function readGateSettings(path: string): Promise<GateSettings> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new FootnoteError("invalid_request", `The gate's settings ${path} cannot be read; run this in a checkout of Footnote.`, {
      cause,
    });
  });
  const parsed = gateSettings.safeParse(parseJson(text));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path: at, message }) => `  ${at.join(".") || "the whole"}: ${message}`);
    throw new FootnoteError("configuration_invalid", `The gate's settings ${path} are wrong:\n${problems.join("\n")}`);
  }
  const { floors, ...rest } = parsed.data;
  return {
    ...rest,
    floors: floors.map(({ dataset, metric, slice, atLeast, above, pipelines, when }) => ({
      dataset,
      metric,
      ...(slice === undefined ? {} : { slice }),
      ...(atLeast === undefined ? {} : { atLeast }),
      ...(above === undefined ? {} : { above }),
      ...(pipelines === undefined ? {} : { pipelines }),
      ...(when === undefined ? {} : { when }),
    })),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
