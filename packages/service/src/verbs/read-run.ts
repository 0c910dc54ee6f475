import type { RunId } from "@footnote/core";
import { findRun } from "../find-evaluation.ts";
import { defineVerb } from "../verb.ts";

export const readRun = defineVerb({
  scope: "read",
  audits: [],
  run: (context, { actor }, input: { runId: RunId }) => findRun(context, actor, input.runId),
});
