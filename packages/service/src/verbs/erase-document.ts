import type { DocumentId } from "@footnote/core";
import { findDocument } from "../find-document.ts";
import { notFound } from "../not-found.ts";
import { defineVerb } from "../verb.ts";

/** Hides a document at once and begins the job that erases it everywhere; the job's result is the receipt. */
export const eraseDocument = defineVerb({
  scope: "ingest",
  audits: ["document.delete"],
  async run(context, { actor, by }, input: { documentId: DocumentId }) {
    const { store, queue } = context;
    const document = await findDocument(context, actor, input.documentId);
    const job = await store.documents.requestDeletion(actor.tenantId, document.id, by);
    if (!job) throw notFound();
    queue.wake();
    return job;
  },
});
