import { sha256, type CollectionId, type Embedder, type TenantId } from "@footnote/core";
import { createAnalyzer, pipelines } from "@footnote/retrieval";
import type { Store } from "@footnote/storage";
import { byLaboratory } from "./laboratory.ts";

const chunksPerDocument = 100;

export interface Loaded {
  tenantId: TenantId;
  collectionId: CollectionId;
}

/** Puts texts into a new tenant through the store's own write path, a hundred chunks a document. */
export async function loadTenant(
  store: Store,
  options: { name: string; texts: readonly string[]; vectors: readonly Float32Array[]; embedder: Embedder },
): Promise<Loaded> {
  const { name, texts, vectors, embedder } = options;
  const analyzer = createAnalyzer({ language: "en" });
  const { id: tenantId } = await store.routing.createTenant({ name, by: byLaboratory });
  const space = embedder.space.id;
  const pipeline = { ...pipelines.default, index: { ...pipelines.default.index, space } };
  const { collection } = await store.collections.put(tenantId, { name: "bench", settings: { pipeline }, by: byLaboratory });
  for (let from = 0; from < texts.length; from += chunksPerDocument) {
    const pieces = texts.slice(from, from + chunksPerDocument);
    const text = pieces.join("\n\n");
    const { version } = await store.documents.put(tenantId, {
      collectionId: collection.id,
      externalId: `document-${from}`,
      sha256: sha256(text),
      sizeBytes: text.length,
      mediaType: "text/plain",
      by: byLaboratory,
    });
    await store.versions.saveParsed(tenantId, version.id, {
      title: null,
      mediaType: "text/plain",
      language: "en",
      text,
      blocks: [],
      pages: [],
      warnings: [],
    });
    let start = 0;
    await store.versions.saveChunks(
      tenantId,
      version.id,
      pieces.map((piece) => {
        const draft = { start, end: start + piece.length, text: piece, headingPath: [], tokenCount: 200 };
        start += piece.length + 2;
        return { draft, inputSha256: sha256(piece) };
      }),
    );
    const pending = await store.versions.pendingChunks(tenantId, version.id, space, chunksPerDocument);
    const target = { tenantId, versionId: version.id };
    await store.writers.vectors(space).write({
      ...target,
      entries: pending.map((chunk) => {
        const vector = vectors[from + chunk.ordinal];
        if (!vector) throw new Error(`no vector for chunk ${from + chunk.ordinal}`);
        return { chunkId: chunk.chunkId, inputSha256: chunk.inputSha256, vector };
      }),
    });
    await store.writers.lexical.write({
      ...target,
      entries: pending.map(({ chunkId, text: piece }) => ({ chunkId, analyzed: analyzer.analyze(piece) })),
    });
    await store.versions.publish(tenantId, version.id, space);
  }
  await store.maintainIndex(tenantId);
  return { tenantId, collectionId: collection.id };
}
