import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, FootnoteError, indexHash, pipelineHash, sha256 } from "@footnote/core";
import { datasetHash, type EvalCase, runEvaluation, type Split } from "@footnote/evaluation";
import { pipelines } from "@footnote/retrieval";
import { openDataFolder } from "@footnote/server/data-folder";
import { readEnvironment } from "@footnote/server/env";
import { findFiles, hashFile } from "@footnote/server/files";
import { findHandbook } from "@footnote/server/handbook";
import { syncFiles } from "@footnote/server/sync-files";
import type { AblationResult, AblationResults, ResultKey } from "./ablation-results.ts";
import type { AblationVariant } from "./ablation-variants.ts";
import { createClientTarget } from "@footnote/server/client-target";
import type { FootnoteClient } from "@footnote/server/local-client";
import { readHandbookCases } from "./handbook-store.ts";
import { byLaboratory } from "./laboratory.ts";

const shippedNames: ReadonlySet<string> = new Set(Object.keys(pipelines));

export interface GoldenAblationOptions {
  split: Split;
  /** The reference first. */
  variants: readonly AblationVariant[];
  variables: Record<string, string | undefined>;
  results: AblationResults;
  /** False: only what earlier runs measured. */
  measure: boolean;
  limit: number | null;
  commit: string | null;
  log(line: string): void;
  signal?: AbortSignal;
  /** Default: the golden set of the sample documents. */
  cases?: readonly EvalCase[];
}

/**
 * Each variant on the golden set, through the worker and the API: answers with their citations, not rankings alone. Variants that are
 * indexed alike share a collection, all of them one store, where text that is embedded alike is embedded once.
 */
export async function ablateGolden(options: GoldenAblationOptions): Promise<Map<string, AblationResult>> {
  const { split, variants, variables, results, limit, commit, log, signal } = options;
  const handbook = await findHandbook();
  if (!handbook) throw new FootnoteError("invalid_request", "examples/handbook is not here; run this in a checkout of Footnote.");
  const files = await findFiles([handbook.documents]);
  const cases = (options.cases ?? (await readHandbookCases())).filter((one) => one.split === split);
  const hashes = await Promise.all(files.map(async ({ externalId, path }) => [externalId, await hashFile(path)]));
  const data = sha256(canonicalJson([datasetHash(cases), hashes.toSorted()]));
  const keyOf = (variant: AblationVariant): ResultKey => ({ dataset: "handbook", split, spec: variant.spec, limit, data });
  const found = new Map<string, AblationResult>();
  const missing: AblationVariant[] = [];
  for (const variant of variants) {
    const known = await results.get(keyOf(variant));
    if (known) found.set(pipelineHash(variant.spec), known);
    else missing.push(variant);
  }
  if (missing.length === 0 || cases.length === 0 || !options.measure) return found;

  const path = await mkdtemp(join(tmpdir(), "footnote-ablation-"));
  try {
    const { FOOTNOTE_EMBED_WORKERS } = variables;
    const env = readEnvironment({
      variables: { ...modelVariables(variables), FOOTNOTE_LOG_LEVEL: "silent", FOOTNOTE_EMBED_WORKERS },
      folder: path,
    });
    const folder = await openDataFolder(path);
    const { openRuntime } = await import("@footnote/server/compose");
    const runtime = await openRuntime({ env, folder, warm: true });
    try {
      await runtime.worker.start();
      const { key, tenantId } = await runtime.credentials();
      const client = runtime.client(key);
      const tenant = (await runtime.store.routing.listTenants({ limit: 100 })).data.find(({ id }) => id === tenantId);
      if (!tenant) throw new FootnoteError("internal", "The evaluation's own tenant is gone.");
      const collections = new Map<string, { name: string; chunks: number }>();
      for (const [at, variant] of missing.entries()) {
        const { spec, step, change } = variant;
        // Shipped pipelines are there by name; the others become the tenant's own.
        if (!shippedNames.has(spec.name)) await runtime.store.pipelines.put(tenant.id, spec, byLaboratory);
        const hash = indexHash(spec);
        let collection = collections.get(hash);
        if (!collection) {
          const name = `index-${collections.size + 1}`;
          await client.collections.put(name, { pipeline: spec.name }, { signal });
          const outcomes = await syncFiles({ client, collection: name, files, prune: false, ...(signal ? { signal } : {}) });
          const failed = outcomes.find(({ error }) => error);
          if (failed) throw new FootnoteError("internal", `A sample document was not ingested: ${failed.error?.message ?? "unknown"}`);
          collection = { name, chunks: await countChunks(client, name, signal) };
          collections.set(hash, collection);
        }
        const target = await createClientTarget({
          client,
          collection: collection.name,
          pipeline: spec.name,
          ...(signal ? { signal } : {}),
        });
        const run = await runEvaluation({
          dataset: { name: "handbook", cases },
          split,
          target,
          // What is compared is counted; nothing is judged.
          judges: {},
          commit,
          concurrency: 1,
          ...(limit === null ? {} : { limit }),
          ...(signal ? { signal } : {}),
        });
        const result: AblationResult = {
          dataset: "handbook",
          split,
          pipelineHash: pipelineHash(spec),
          documents: files.length,
          chunks: collection.chunks,
          values: Object.fromEntries(run.results.map(({ case: one, metrics }) => [one.id, numbersOf(metrics)])),
          milliseconds: run.results.map(({ answer }) => answer.milliseconds),
          usd: run.results.reduce((sum, { answer }) => sum + answer.usd, 0),
          degraded: run.results.filter(({ answer }) => answer.degraded.some((what) => !what.startsWith("generate"))).length,
          commit,
        };
        found.set(pipelineHash(spec), result);
        await results.put(keyOf(variant), result);
        log(`handbook (${split}): ${at + 1} of ${missing.length}, ${step}: ${change}`);
      }
      return found;
    } finally {
      await runtime.close({ graceMs: 5000 });
    }
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

function numbersOf(metrics: Record<string, number | null>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

/** What names a language model; nothing else of the caller's configuration takes part. */
function modelVariables(variables: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => name.startsWith("MODEL_")));
}

async function countChunks(client: FootnoteClient, collection: string, signal: AbortSignal | undefined): Promise<number> {
  let chunks = 0;
  const { data } = await client.documents.list(collection, { limit: 100 }, { signal });
  for (const { id } of data) {
    let cursor: string | undefined;
    do {
      const page = await client.documents.chunks(id, { limit: 100, ...(cursor === undefined ? {} : { cursor }) }, { signal });
      chunks += page.data.length;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
  return chunks;
}
