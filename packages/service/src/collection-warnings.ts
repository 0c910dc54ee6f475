import { type Clock, type CollectionId, type Embedder, type EmbedderCapabilities, searchedSpace, type TenantId } from "@footnote/core";
import { languageWarnings } from "@footnote/retrieval";
import type { CollectionRecord, Store } from "@footnote/storage";
import { LRUCache } from "lru-cache";

/** A search takes milliseconds: what it warns of may be this old. */
const freshMs = 60_000;
const mostKept = 1_000;

export interface CollectionWarnings {
  /** Of each collection, as its documents are now. */
  read(tenantId: TenantId, collections: readonly CollectionRecord[]): Promise<Map<CollectionId, string[]>>;
  /** Of one collection, as they were within the last minute. */
  recent(tenantId: TenantId, collection: CollectionRecord): Promise<string[]>;
  /** Of a document: its language beside the embedder of its collection. */
  ofDocument(collection: CollectionRecord, language: string | null): string[];
}

/** What a collection's owner should know: today, languages that its embedder does not serve. */
export function createCollectionWarnings({
  store,
  embedderFor,
  clock,
}: {
  store: Pick<Store, "collections">;
  embedderFor(space: string): Embedder | undefined;
  clock: Clock;
}): CollectionWarnings {
  const known = new LRUCache<CollectionId, { at: number; updatedAt: number; warnings: Promise<string[]> }>({ max: mostKept });

  function embedderOf({ settings }: CollectionRecord): { space: string; languages: EmbedderCapabilities["languages"] } {
    const space = searchedSpace(settings.pipeline);
    return { space, languages: embedderFor(space)?.capabilities.languages ?? [] };
  }

  async function read(tenantId: TenantId, collections: readonly CollectionRecord[]): Promise<Map<CollectionId, string[]>> {
    if (collections.length === 0) return new Map();
    const languages = await store.collections.languages(
      tenantId,
      collections.map(({ id }) => id),
    );
    return new Map(
      collections.map((collection) => {
        const documents = languages.get(collection.id) ?? [];
        return [collection.id, languageWarnings({ spec: collection.settings.pipeline, embedder: embedderOf(collection), documents })];
      }),
    );
  }

  return {
    read,
    async recent(tenantId, collection) {
      const now = clock.now();
      const updatedAt = collection.updatedAt.getTime();
      const last = known.get(collection.id);
      if (last && now - last.at < freshMs && last.updatedAt === updatedAt) return await last.warnings;
      const warnings = read(tenantId, [collection]).then((all) => all.get(collection.id) ?? []);
      warnings.catch(() => known.delete(collection.id));
      known.set(collection.id, { at: now, updatedAt, warnings });
      return await warnings;
    },
    ofDocument(collection, language) {
      const { space, languages } = embedderOf(collection);
      if (language === null || languages.includes(language)) return [];
      const documents = [{ language, documents: 1 }];
      // The last is the document's; what the collection itself is set up for is told there.
      return languageWarnings({ spec: collection.settings.pipeline, embedder: { space, languages }, documents }).slice(-1);
    },
  };
}
