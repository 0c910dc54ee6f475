import { FootnoteError } from "@footnote/core";
import extractive1 from "./formulas/extractive@1.json" with { type: "json" };
import type { FittedFormulas } from "./formulas.ts";

/** Oldest first. A version stays for as long as a stored pipeline may name it. */
const shipped: readonly (FittedFormulas & { name: string })[] = [extractive1];

/** Formulas by the name that `PipelineSpec.answer.formulas` has. Throws `pipeline_incompatible` for a name that is not there. */
export function findFormulas(name: string): FittedFormulas {
  const found = shipped.find((formulas) => formulas.name === name);
  if (found) return found;
  throw new FootnoteError(
    "pipeline_incompatible",
    `There are no formulas named ${JSON.stringify(name)}; an extractive answer can use ${formulaNames().join(", ")}.`,
  );
}

export function formulaNames(): string[] {
  return shipped.map(({ name }) => name);
}
