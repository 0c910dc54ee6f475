import type { DocumentJobRecord, Telemetry } from "@footnote/core";
import type { Store } from "@footnote/storage";
import type { JobHandler } from "../job-handler.ts";
import { timedStage } from "../timed-stage.ts";

/** Erases a document from every store; the receipt is the job's result. */
export function createDeleteDocument(deps: { store: Pick<Store, "documents">; telemetry: Telemetry }): JobHandler<DocumentJobRecord> {
  return {
    firstStage: "erase",
    async run({ tenantId, job }) {
      const result = await timedStage(deps.telemetry, "delete", async () => await deps.store.documents.erase(tenantId, job.documentId));
      return { type: "done", result };
    },
  };
}
