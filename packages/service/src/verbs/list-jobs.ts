import { FootnoteError, isId } from "@footnote/core";
import type { JobState, PageQuery } from "@footnote/sdk";
import { findCollection } from "../find-collection.ts";
import { notFound } from "../not-found.ts";
import { page } from "../page.ts";
import { defineVerb } from "../verb.ts";

/** Jobs, the newest first. */
export const listJobs = defineVerb({
  scope: "read",
  audits: [],
  async run(
    context,
    { actor },
    input: PageQuery & { state?: JobState | undefined; document?: string | undefined; collection?: string | undefined },
  ) {
    const { state, document } = input;
    if (actor.collections !== null && input.collection === undefined) {
      throw new FootnoteError("invalid_request", "This key is limited to collections: name one with ?collection=.");
    }
    if (document !== undefined && !isId("document", document)) throw notFound();
    const collection = input.collection === undefined ? null : await findCollection(context, actor, input.collection);
    return await context.store.jobs.list(actor.tenantId, {
      ...page(input),
      ...(state === undefined ? {} : { state }),
      ...(document === undefined ? {} : { documentId: document }),
      ...(collection ? { collectionId: collection.id } : {}),
    });
  },
});
