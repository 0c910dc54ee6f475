import { type CollectionId, FootnoteError, type Metadata, sha256, type TenantActor, throwIfAborted } from "@footnote/core";
import { externalIdSchema } from "@footnote/sdk";
import type { Store } from "@footnote/storage";
import type { VerbContext } from "./service-context.ts";
import { requireStorable, validate } from "./validate.ts";
import type { VerbCall } from "./verb.ts";

/** A file on its way to become a document's version. */
export interface IncomingFile {
  externalId: string;
  bytes: Uint8Array;
  /** Its media type as the sender says. */
  declared?: string | undefined;
  fileName?: string;
  title?: string;
  metadata?: Metadata;
  access?: string[];
}
export type AcceptedFile = Awaited<ReturnType<Store["documents"]["put"]>>;

/** Checks a file and stores it with the job that makes it searchable. */
export async function acceptFile(
  { store, queue, detectMediaType }: VerbContext,
  { actor, by, signal }: VerbCall<TenantActor>,
  file: IncomingFile & { collectionId: CollectionId },
): Promise<AcceptedFile> {
  const { bytes, declared, fileName, ...kept } = file;
  requireStorable(file.externalId, "The externalId");
  const externalId = validate(externalIdSchema, file.externalId, "The externalId");
  if (bytes.byteLength === 0) throw new FootnoteError("empty_file", "The file is empty; send one with content.");
  const mediaType = detectMediaType({ bytes, ...(declared === undefined ? {} : { declared }), fileName: fileName ?? externalId });
  if (mediaType === null) {
    throw new FootnoteError(
      "unsupported_media_type",
      "The file is of no type that can be read; send PDF, HTML, Markdown, Office (.docx, .pptx, .xlsx, OpenDocument, RTF), EPUB, CSV, mail (.eml) or text.",
    );
  }
  const { tenantId } = actor;
  throwIfAborted(signal);
  const blob = { sha256: sha256(bytes), sizeBytes: bytes.byteLength };
  const named = fileName === undefined ? {} : { fileName };
  const put = await store.documents.put(tenantId, { ...kept, ...named, ...blob, externalId, bytes, mediaType, by });
  queue.wake();
  return put;
}
