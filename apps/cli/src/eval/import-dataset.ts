import { readEvalCases } from "@footnote/evaluation";
import { type EvalDataset, readRagasRows, readSquad } from "@footnote/evaluation/datasets";
import { FootnoteError } from "@footnote/core";
import type { FootnoteClient } from "@footnote/server/local-client";

export const datasetFormats = ["footnote", "ragas", "squad"] as const;
export type DatasetFormat = (typeof datasetFormats)[number];

/** Cases of a file, with the documents that came with them. */
export function readDataset(text: string, options: { format: DatasetFormat; name: string }): EvalDataset {
  const { format, name } = options;
  switch (format) {
    case "footnote":
      return { name, cases: readEvalCases(text, name) };
    case "ragas":
      return readRagasRows(text, name);
    case "squad":
      return readSquad(text, { name });
  }
}

/** Puts the documents of a dataset into a collection and waits until each is searchable. */
export async function putDocuments(options: {
  client: FootnoteClient;
  collection: string;
  documents: NonNullable<EvalDataset["documents"]>;
  onProgress?: (done: number) => void;
  signal?: AbortSignal;
}): Promise<void> {
  const { client, collection, documents, onProgress, signal } = options;
  const waiting = [...documents];
  let done = 0;
  async function work(): Promise<void> {
    for (let document = waiting.shift(); document; document = waiting.shift()) {
      const { id, title, text } = document;
      const content = { collection, externalId: id, content: text, mediaType: "text/plain", ...(title === "" ? {} : { title }) };
      const { job } = await client.documents.put(content, { signal });
      const { state, error } = await client.jobs.wait(job.id, { signal });
      if (state !== "succeeded") {
        throw new FootnoteError("internal", `The document ${id} of the dataset was not ingested (${error?.code ?? state}); see its job.`);
      }
      done += 1;
      onProgress?.(done);
    }
  }
  await Promise.all(Array.from({ length: 8 }, work));
}
