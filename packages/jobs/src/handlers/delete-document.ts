import type { Attribution, DocumentJobRecord, Telemetry } from "@footnote/core";
import type { Store } from "@footnote/storage";
import type { JobHandler } from "../job-handler.ts";
import { timedStage } from "../timed-stage.ts";

const byDeletion: Attribution = { actor: { type: "system", id: "deletion job" } };

/** Erases a document from every store; the receipt is the job's result. */
export function createDeleteDocument(deps: { store: Pick<Store, "documents">; telemetry: Telemetry }): JobHandler<DocumentJobRecord> {
  return {
    firstStage: "erase",
    async run({ tenantId, job }) {
      const result = await timedStage(
        deps.telemetry,
        "delete",
        async () => await deps.store.documents.erase(tenantId, job.documentId, byDeletion),
      );
      return { type: "done", result };
    },
  };
}
