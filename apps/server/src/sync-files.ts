import { readFile } from "node:fs/promises";
import { isFootnoteError } from "@footnote/core";
import { isFootnoteApiError } from "@footnote/sdk";
import { allPages } from "./all-pages.ts";
import type { FootnoteClient } from "./local-client.ts";
import { hashFile, mediaTypeOfName, reasonOf } from "./files.ts";
import type { FoundFile } from "./files.ts";

export interface SyncOutcome {
  externalId: string;
  outcome: "ingested" | "unchanged" | "failed" | "refused";
  error?: { code: string; message: string };
}

/**
 * Brings files into a collection and waits until each is searchable or has failed with its reason. A file whose bytes
 * (by the `sha256` in its metadata) are searchable already is left alone.
 */
export async function syncFiles(options: {
  client: FootnoteClient;
  collection: string;
  files: readonly FoundFile[];
  /** Uploads and waits at once. Default 8. */
  concurrency?: number;
  /** Also deletes documents of the collection whose file is not among `files`. */
  prune?: boolean;
  /** `sent`: files that were not left alone so far. */
  onProgress?: (state: { done: number; total: number; sent: number; current: string }) => void;
  onOutcome?: (outcome: SyncOutcome) => void;
  signal?: AbortSignal;
}): Promise<SyncOutcome[]> {
  const { client, collection, files, concurrency = 8, prune = false, onProgress, onOutcome, signal } = options;
  const known = new Map<string, { sha256: unknown; state: string }>();
  const wanted = new Set(files.map((file) => file.externalId));
  const gone: string[] = [];
  for await (const document of allPages((page) => client.documents.list(collection, page, { signal }))) {
    known.set(document.externalId, { sha256: document.metadata.sha256, state: document.state });
    if (!wanted.has(document.externalId)) gone.push(document.id);
  }
  if (prune) for (const id of gone) await client.documents.delete(id, { signal });
  const outcomes: SyncOutcome[] = [];
  const shares = new Map<string, number>();
  let sent = 0;
  const report = (current: string) => {
    let partial = 0;
    for (const share of shares.values()) partial += share;
    onProgress?.({ done: outcomes.length + partial, total: files.length, sent, current });
  };

  async function one(file: FoundFile): Promise<SyncOutcome> {
    const { externalId } = file;
    const unreadable = (message: string): SyncOutcome => ({ externalId, outcome: "refused", error: { code: "unreadable", message } });
    if (file.unreadable) return unreadable(file.unreadable);
    let sha256: string;
    let content: Buffer<ArrayBuffer>;
    try {
      sha256 = await hashFile(file.path);
      const before = known.get(externalId);
      if (before?.sha256 === sha256 && before.state === "ready") return { externalId, outcome: "unchanged" };
      content = await readFile(file.path);
    } catch (error) {
      return unreadable(reasonOf(error));
    }
    sent++;
    report(externalId);
    try {
      const { job } = await client.documents.put(
        {
          collection,
          externalId,
          content,
          mediaType: mediaTypeOfName(externalId),
          metadata: { sha256, path: externalId },
        },
        { signal },
      );
      const state = await client.jobs.wait(job.id, {
        signal,
        onUpdate({ progress }) {
          shares.set(externalId, progress);
          report(externalId);
        },
      });
      if (state.state === "succeeded") return { externalId, outcome: "ingested" };
      return { externalId, outcome: "failed", error: state.error ?? { code: state.state, message: `The job ended as ${state.state}.` } };
    } catch (error) {
      if (signal?.aborted || !isRefusal(error)) throw error;
      return { externalId, outcome: "refused", error: { code: error.code, message: error.message } };
    } finally {
      shares.delete(externalId);
    }
  }

  const queue = [...files];
  async function lane(): Promise<void> {
    for (let file = queue.shift(); file; file = queue.shift()) {
      signal?.throwIfAborted();
      const outcome = await one(file);
      outcomes.push(outcome);
      onOutcome?.(outcome);
      report(file.externalId);
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, files.length) }, lane));
  return outcomes;
}

/** Whether this one file was refused; anything else would happen to the next one too. */
function isRefusal(error: unknown): error is Error & { code: string } {
  if (isFootnoteApiError(error)) return !error.isRetryable && error.status !== 401;
  return isFootnoteError(error) && !error.retryable && error.code !== "unauthorized";
}
