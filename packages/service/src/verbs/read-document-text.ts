import { findDocument, type VersionInput, versionOf } from "../find-document.ts";
import { notFound } from "../not-found.ts";
import { defineVerb } from "../verb.ts";

/** The canonical text of a version, which citations count in. */
export const readDocumentText = defineVerb({
  scope: "read",
  audits: [],
  async run(context, { actor }, input: VersionInput) {
    const document = await findDocument(context, actor, input.documentId);
    const found = await context.store.documents.text(actor.tenantId, document.id, versionOf(input));
    if (!found) throw notFound();
    return found;
  },
});
