import type { PageQuery } from "@footnote/sdk";
import { findDocument, type VersionInput, versionOf } from "../find-document.ts";
import { notFound } from "../not-found.ts";
import { page } from "../page.ts";
import { defineVerb } from "../verb.ts";

/** A version's chunks in order. */
export const listChunks = defineVerb({
  scope: "read",
  audits: [],
  async run(context, { actor }, input: VersionInput & PageQuery) {
    const document = await findDocument(context, actor, input.documentId);
    const versionId = versionOf(input);
    const request = { ...page(input), ...(versionId === undefined ? {} : { versionId }) };
    const found = await context.store.documents.chunks(actor.tenantId, document.id, request);
    if (!found) throw notFound();
    return found;
  },
});
