import type { FootnoteClient } from "@footnote/server/local-client";
import type { FoundFile } from "@footnote/server/files";
import type { Output, Progress } from "@footnote/terminal";
import { syncFiles } from "@footnote/server/sync-files";
import type { SyncOutcome } from "@footnote/server/sync-files";

/** `syncFiles` with its progress and outcomes on the terminal. */
export async function ingestFiles(options: {
  client: FootnoteClient;
  collection: string;
  files: readonly FoundFile[];
  output: Output;
  /** Also removes documents of the collection whose file is gone. */
  prune?: boolean;
  /** Nothing is said when nothing was to do. */
  quiet?: boolean;
  signal: AbortSignal;
}): Promise<Record<SyncOutcome["outcome"], number>> {
  const { client, collection, files, output, prune = false, quiet = false, signal } = options;
  await client.collections.put(collection, {}, { signal });
  const noun = files.length === 1 ? "file" : "files";
  let progress: Progress | undefined;
  const outcomes = await syncFiles({
    client,
    collection,
    files,
    prune,
    signal,
    onProgress({ done, sent, current }) {
      if (sent === 0) return;
      progress ??= output.progress(`Ingesting ${files.length} ${noun}`, files.length);
      progress.update(done, current);
    },
    onOutcome: (outcome) => {
      if (output.json) output.print("", { type: "file", ...outcome });
      else if (outcome.error) output.note(`${outcome.externalId}: ${outcome.error.code}: ${outcome.error.message}`);
    },
  }).finally(() => progress?.end());
  const counts = { ingested: 0, unchanged: 0, failed: 0, refused: 0 };
  for (const { outcome } of outcomes) counts[outcome]++;
  const text = `${files.length} ${noun}: ${counts.ingested} ingested, ${counts.unchanged} unchanged, ${counts.failed} failed, ${counts.refused} refused`;
  if (!quiet || counts.unchanged < files.length) output.note(text);
  return counts;
}
