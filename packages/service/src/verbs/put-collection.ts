import { FootnoteError, isId, maySeeCollection } from "@footnote/core";
import { pipelines } from "@footnote/retrieval";
import { collectionNameSchema, type PutCollection, putCollectionSchema } from "@footnote/sdk";
import type { CollectionRecord, CollectionSettings } from "@footnote/storage";
import { notFound } from "../not-found.ts";
import { findPipeline } from "../named-pipelines.ts";
import { validate } from "../validate.ts";
import { defineVerb } from "../verb.ts";

/** Makes a collection, or changes what is named of its settings. */
export const putCollection = defineVerb({
  scope: "ingest",
  audits: ["collection.create", "collection.update"],
  async run(
    context,
    { actor, by },
    { collection, ...given }: PutCollection & { collection: string },
  ): Promise<{ collection: CollectionRecord; created: boolean; warnings: readonly string[] }> {
    const { store, warnings } = context;
    const { tenantId } = actor;
    const input = validate(putCollectionSchema, given, "The settings");
    const byId = isId("collection", collection);
    const nameOf = () => validate(collectionNameSchema, collection, "The collection's name");
    if (!byId) nameOf();
    const existing = await store.collections.get(tenantId, collection);
    if (existing ? !maySeeCollection(actor, existing.id) : byId) throw notFound();
    if (!existing && actor.collections !== null) {
      throw new FootnoteError("forbidden", "This key is limited to named collections and cannot make new ones.");
    }
    const settings: CollectionSettings = {
      ...existing?.settings,
      pipeline:
        input.pipeline === undefined
          ? (existing?.settings.pipeline ?? pipelines.default)
          : await findPipeline(context, tenantId, input.pipeline),
      ...(input.description === undefined ? {} : { description: input.description }),
      ...(input.retention === undefined ? {} : { retention: input.retention }),
    };
    const put = await store.collections.put(tenantId, { name: existing?.name ?? nameOf(), settings, by });
    const noted = await warnings.read(tenantId, [put.collection]);
    return { ...put, warnings: noted.get(put.collection.id) ?? [] };
  },
});
