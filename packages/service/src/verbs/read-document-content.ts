import { findDocument, type VersionInput, versionOf } from "../find-document.ts";
import { notFound } from "../not-found.ts";
import { defineVerb } from "../verb.ts";

/** The bytes of a version as they were put. */
export const readDocumentContent = defineVerb({
  scope: "read",
  audits: [],
  async run(context, { actor: { tenantId }, actor, signal }, input: VersionInput) {
    const { store } = context;
    const document = await findDocument(context, actor, input.documentId);
    const versionId = versionOf(input) ?? document.versionId;
    const version = versionId === null ? null : await store.versions.get(tenantId, versionId);
    if (!version || version.documentId !== document.id) throw notFound();
    const bytes = await store.blobs.get({ tenantId, sha256: version.sha256, signal });
    if (!bytes) throw notFound();
    return { document, version, bytes };
  },
});
