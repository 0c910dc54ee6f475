import type { BootstrapDocument } from "@footnote/evaluation/proposals";
import type { FootnoteClient } from "@footnote/server/local-client";
import { allPages } from "@footnote/server/all-pages";

/** Texts and chunks of a collection's searchable documents; `more` says that there are others. */
export async function readCollection(options: {
  client: FootnoteClient;
  collection: string;
  /** The first so many. */
  limit: number;
  onDocument?: (done: number) => void;
  signal?: AbortSignal;
}): Promise<{ documents: BootstrapDocument[]; more: boolean }> {
  const { client, collection, limit, onDocument, signal } = options;
  const documents: BootstrapDocument[] = [];
  for await (const { id, externalId, title, language, state, versionId } of allPages((page) =>
    client.documents.list(collection, page, { signal }),
  )) {
    if (state !== "ready" || versionId === null) continue;
    if (documents.length >= limit) return { documents, more: true };
    const sections: BootstrapDocument["sections"] = [];
    // Of one version: the document may be put again meanwhile.
    const chunks = allPages((page) => client.documents.chunks(id, { ...page, version: versionId }, { signal }));
    for await (const { start, end, headingPath } of chunks) sections.push({ start, end, headingPath });
    const text = await client.documents.text(id, versionId, { signal });
    documents.push({ id: externalId, title, language, text, sections });
    onDocument?.(documents.length);
  }
  return { documents, more: false };
}
