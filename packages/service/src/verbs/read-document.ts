import type { DocumentId } from "@footnote/core";
import { findDocument } from "../find-document.ts";
import { defineVerb } from "../verb.ts";

export const readDocument = defineVerb({
  scope: "read",
  audits: [],
  async run(context, { actor }, input: { documentId: DocumentId }) {
    const document = await findDocument(context, actor, input.documentId);
    const collection = await context.store.collections.get(actor.tenantId, document.collectionId);
    return { document, warnings: collection ? context.warnings.ofDocument(collection, document.language) : [] };
  },
});
