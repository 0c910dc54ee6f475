import type { Context } from "@footnote/terminal";
import type { Command } from "commander";
import { addEvalBootstrap } from "./eval-bootstrap.ts";
import { addEvalCandidates } from "./eval-candidates.ts";
import { addEvalGate } from "./eval-gate.ts";
import { addEvalReview } from "./eval-review.ts";
import { addEvalRun } from "./eval-run.ts";
import { addEvalStored } from "./eval-stored.ts";

/** Questions of a tenant's own: made, reviewed, stored, asked and compared. */
export function addEval(program: Command, context: Context): void {
  const evaluate = program
    .command("eval")
    .description("measure how well questions about your own documents are answered")
    .addHelpText(
      "after",
      `
Works with your own server or store (FOOTNOTE_URL, FOOTNOTE_DATA_DIR).

Examples:
  footnote eval bootstrap --collection handbook --out proposals.jsonl && footnote eval review proposals.jsonl
  footnote eval upload my-questions.jsonl --collection handbook && footnote eval start my-questions
  footnote eval run my-questions.jsonl --collection handbook`,
    );
  for (const add of [addEvalBootstrap, addEvalCandidates, addEvalReview, addEvalStored, addEvalRun, addEvalGate]) add(evaluate, context);
}
