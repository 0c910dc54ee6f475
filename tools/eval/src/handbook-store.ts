import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, FootnoteError, sha256 } from "@footnote/core";
import type { LanguageModel, PipelineSpec } from "@footnote/core";
import { type EvalCase, readEvalCases } from "@footnote/evaluation";
import type { FootnoteClient } from "@footnote/server/local-client";
import { composeRuntime } from "@footnote/server/compose";
import { openDataFolder } from "@footnote/server/data-folder";
import { readEnvironment } from "@footnote/server/env";
import { findFiles, hashFile } from "@footnote/server/files";
import { findHandbook, handbookCollection } from "@footnote/server/handbook";
import { openParts } from "@footnote/server/parts";
import { syncFiles } from "@footnote/server/sync-files";
import { inCheckout } from "./shared-folder.ts";

export interface HandbookStore {
  client: FootnoteClient;
  collection: string;
  documents: number;
  /** Hash of the files: the same in every store that holds them. */
  corpus: string;
  close(): Promise<void>;
}

/** The golden set of the sample documents. */
export async function readHandbookCases(): Promise<EvalCase[]> {
  const path = "evals/handbook/questions.jsonl";
  return readEvalCases(await readFile(inCheckout(path), "utf8"), path);
}

/**
 * The sample documents through the worker into an embedded store of their own, in a temporary folder that goes with it. Nothing of the
 * caller's configuration but the number of embedding workers takes part.
 */
export async function openHandbookStore(options: {
  /** Folder of files to ask about. Default: the sample documents. */
  folder?: string;
  /** The collection's pipeline. */
  pipeline: string;
  /** Pipelines that can be asked, beside the shipped ones. */
  specs?: readonly PipelineSpec[];
  /** Models that those can name, beside the extractive one. */
  models?: readonly LanguageModel[];
  /** The parts that the program is composed of. Default: as production makes them. */
  open?: typeof openParts;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  signal?: AbortSignal;
}): Promise<HandbookStore> {
  const { pipeline, specs = [], models = [], open = openParts, variables, log, signal } = options;
  const folder = options.folder ?? (await findHandbook())?.documents;
  if (folder === undefined)
    throw new FootnoteError("invalid_request", "examples/handbook is not here; run this in a checkout of Footnote.");
  const files = await findFiles([folder]);
  const hashes = await Promise.all(files.map(async ({ externalId, path }) => [externalId, await hashFile(path)]));
  const path = await mkdtemp(join(tmpdir(), "footnote-eval-"));
  const remove = () => rm(path, { recursive: true, force: true });
  try {
    const { FOOTNOTE_EMBED_WORKERS } = variables;
    // No .env file either: an evaluation must not write into the store that somebody works with.
    const env = readEnvironment({ variables: { FOOTNOTE_LOG_LEVEL: "silent", FOOTNOTE_EMBED_WORKERS }, folder: path });
    const parts = await open({ env, folder: await openDataFolder(path) });
    const runtime = await composeRuntime({
      ...parts,
      models: [...parts.models, ...models],
      pipelines: [...parts.pipelines, ...specs],
    });
    const close = () => runtime.close({ graceMs: 5_000 });
    try {
      await runtime.worker.start();
      const { key } = await runtime.credentials();
      const client = runtime.client(key);
      await client.collections.put(handbookCollection, { pipeline }, { signal });
      log(`Ingesting ${files.length} documents…`);
      const outcomes = await syncFiles({ client, collection: handbookCollection, files, prune: false, ...(signal ? { signal } : {}) });
      const failed = outcomes.find(({ error }) => error);
      if (failed) {
        const { externalId, error } = failed;
        throw new FootnoteError("internal", `The document ${externalId} was not ingested (${error?.code ?? "unknown"}); mend that first.`);
      }
      return {
        client,
        collection: handbookCollection,
        documents: files.length,
        corpus: sha256(canonicalJson(hashes.toSorted())),
        async close() {
          await close();
          await remove();
        },
      };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    await remove();
    throw error;
  }
}
