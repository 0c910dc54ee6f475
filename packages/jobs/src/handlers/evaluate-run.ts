import { FootnoteError } from "@footnote/core";
import type { EvaluationJobRecord, EvaluationWork } from "@footnote/core";
import type { JobHandler } from "../job-handler.ts";

/** Asks the questions of a run, from where the last turn ended. Without `evaluate` such jobs fail and say so. */
export function createEvaluateRun(deps: {
  evaluate?: (work: EvaluationWork) => Promise<"done" | "more">;
}): JobHandler<EvaluationJobRecord> {
  return {
    firstStage: "evaluate",
    async run({ tenantId, job, signal, progress, isOver }) {
      if (!deps.evaluate) {
        throw new FootnoteError("configuration_invalid", "This worker runs no evaluations; start one that does.", { retryable: false });
      }
      progress("evaluate", 0);
      const type = await deps.evaluate({
        tenantId,
        runId: job.runId,
        signal,
        progress: async (share) => progress("evaluate", share * 0.99),
        isOver,
      });
      return { type };
    },
  };
}
