import { FootnoteError, toFootnoteError } from "@footnote/core";
import { acceptFile, type AcceptedFile, type IncomingFile } from "../accept-file.ts";
import { findCollection } from "../find-collection.ts";
import { defineVerb } from "../verb.ts";

/** Files that one call may bring. */
export const mostFiles = 100;

/** What is wrong with one file of many, and does not keep the others out. */
const rejectable: ReadonlySet<string> = new Set(["empty_file", "unsupported_media_type", "invalid_request"]);

type ReadableFile = Omit<IncomingFile, "bytes"> & { bytes(): Promise<Uint8Array> };

/** Puts many documents, each in a transaction of its own. */
export const putDocuments = defineVerb({
  scope: "ingest",
  audits: ["document.put"],
  async run(
    context,
    call,
    input: {
      collection: string;
      /** Called once the collection is known to be the actor's. */
      read(): Promise<readonly ReadableFile[]>;
    },
  ) {
    const { id: collectionId } = await findCollection(context, call.actor, input.collection);
    const files = await input.read();
    if (files.length === 0 || files.length > mostFiles) {
      throw new FootnoteError("invalid_request", `Send 1 to ${mostFiles} files in parts named file.`);
    }
    const accepted: AcceptedFile[] = [];
    const rejected: { fileName: string; code: string; message: string }[] = [];
    for (const file of files) {
      try {
        accepted.push(await acceptFile(context, call, { ...file, collectionId, bytes: await file.bytes() }));
      } catch (error) {
        const known = toFootnoteError(error);
        if (!rejectable.has(known.code) || files.length === 1) throw known;
        rejected.push({ fileName: file.externalId.toWellFormed().slice(0, 512), code: known.code, message: known.message });
      }
    }
    return { accepted, rejected };
  },
});
