import { acceptFile, type IncomingFile } from "../accept-file.ts";
import { findCollection } from "../find-collection.ts";
import { defineVerb } from "../verb.ts";

/** Puts one document: a new one, or a new version of it. */
export const putDocument = defineVerb({
  scope: "ingest",
  audits: ["document.put"],
  async run(
    context,
    call,
    input: {
      collection: string;
      externalId: string;
      /** Called once the collection is known to be the actor's: what is sent to another is not read. */
      read(): Promise<Omit<IncomingFile, "externalId">>;
    },
  ) {
    const { id } = await findCollection(context, call.actor, input.collection);
    const { externalId } = input;
    return await acceptFile(context, call, { collectionId: id, externalId, ...(await input.read()) });
  },
});
