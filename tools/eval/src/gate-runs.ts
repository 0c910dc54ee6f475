import { availableParallelism, loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { pipelines } from "@footnote/retrieval";
import { canonicalJson, FootnoteError, sha256 } from "@footnote/core";
import type { LanguageModel, PipelineSpec } from "@footnote/core";
import type { EvalCase, Judges, Split } from "@footnote/evaluation";
import { type GateCase, type GateRun, type KnownItem, type MachineState, simulateKnownItems, toGateRun } from "@footnote/evaluation/gate";
import { partNdcgAt, partRecallAt } from "@footnote/evaluation/metrics";
import { median } from "@footnote/evaluation/statistics";
import { allPages } from "@footnote/server/all-pages";
import { generatedPipeline } from "@footnote/server/models";
import type { RagasScorer } from "@footnote/server/ragas-scores";
import { runOnCollection } from "@footnote/server/run-on-collection";
import { readCodeVersion } from "./code-version.ts";
import { openHandbookStore } from "./handbook-store.ts";
import type { HandbookStore } from "./handbook-store.ts";
import { faultyName, faultySpec, openFaultyParts } from "./injected-faults.ts";
import type { Fault } from "./injected-faults.ts";
import { inCheckout } from "./shared-folder.ts";

/** The golden set, and queries of a few words made from its documents. */
export const questionsDataset = "handbook";
export const keywordsDataset = "handbook-keywords";
export const gateDatasets = [questionsDataset, keywordsDataset] as const;
const knownItems = 150;

export interface CandidateOptions {
  cases: readonly EvalCase[];
  split: Split;
  pipelineNames: readonly string[];
  judges: Judges;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  /** Scores the answers too. */
  ragas?: RagasScorer;
  /** A configured model: its answers, on the way of `default`, are run too. Not with a fault. */
  model?: LanguageModel;
  onProgress?: (progress: { pipeline: string; done: number; total: number }) => void;
  signal?: AbortSignal;
}

/** Asks every case of each pipeline; with a fault, of what the fault makes of it, under the pipeline's own name. */
export type AskCandidates = (fault?: Fault) => Promise<GateRun[]>;

/** The handbook in a store in which the pipelines can be asked, as they are and with the faults in them. */
export async function withGateStore<T>(
  options: CandidateOptions & { faults?: readonly Fault[] },
  work: (ask: AskCandidates) => Promise<T>,
): Promise<T> {
  const { cases, split, pipelineNames, judges, faults = [], variables, log, onProgress, ragas, model, signal } = options;
  const specs = pipelineNames.map(shippedPipeline);
  const generated = model && generatedPipeline(model.name);
  const faulty = faults.flatMap((fault) => specs.map((spec) => faultySpec(fault, spec)));
  const [first] = specs;
  if (!first) throw new FootnoteError("invalid_request", "No pipeline is named; name one at least.");
  const store = await openHandbookStore({
    pipeline: first.name,
    specs: [...faulty, ...(generated ? [generated] : [])],
    open: (common) => openFaultyParts(faults, common),
    ...(model ? { models: [model] } : {}),
    variables,
    log,
    ...(signal ? { signal } : {}),
  });
  try {
    const commit = await readCodeVersion(inCheckout("."));
    const items = simulateKnownItems({ documents: await readTexts(store, signal), count: knownItems });
    return await work(async (fault) => {
      const runs: GateRun[] = [];
      for (const { name } of [...specs, ...(generated && !fault ? [generated] : [])]) {
        const pipeline = fault ? faultyName(fault, name) : name;
        const machine = watchMachine();
        const run = await runOnCollection({
          client: store.client,
          collection: store.collection,
          corpus: store.corpus,
          commit,
          dataset: { name: questionsDataset, cases },
          pipeline,
          split,
          judges,
          concurrency: 1,
          log,
          onProgress(progress) {
            machine.look(progress.done);
            onProgress?.({ pipeline: name, ...progress });
          },
          ...(ragas ? { ragas } : {}),
          ...(signal ? { signal } : {}),
        });
        const asked = { ...toGateRun(run, machine.state(run.results.length)), pipeline: name };
        runs.push(asked);
        // What is generated is retrieved as by the pipeline that it comes from.
        if (name !== generated?.name)
          runs.push(await searchItems({ store, items, pipeline, header: asked, ...(signal ? { signal } : {}) }));
      }
      return runs;
    });
  } finally {
    await store.close();
  }
}

/** Known items are searched and not answered: a few words are no question. */
async function searchItems(options: {
  store: HandbookStore;
  items: readonly KnownItem[];
  pipeline: string;
  header: GateRun;
  signal?: AbortSignal;
}): Promise<GateRun> {
  const { store, items, pipeline, header, signal } = options;
  const { client, collection } = store;
  const names = new Map((await listDocuments(store, signal)).map(({ id, externalId }) => [id, externalId]));
  const machine = watchMachine();
  const cases: GateCase[] = [];
  for (const { id, query, gold } of items) {
    const began = performance.now();
    const { hits } = await client.search({ query, collection, pipeline, limit: 10 }, { signal });
    const milliseconds = Math.round((performance.now() - began) * 10) / 10;
    const ranking = hits.map(({ chunk }) => ({ document: names.get(chunk.documentId) ?? "", start: chunk.start, end: chunk.end }));
    cases.push({
      id,
      question: query,
      answerable: true,
      tags: [],
      metrics: {
        "recall@5": partRecallAt(5, ranking, [gold]),
        "recall@10": partRecallAt(10, ranking, [gold]),
        "ndcg@10": partNdcgAt(10, ranking, [gold]),
      },
      text: "",
      finishReason: null,
      citations: [],
      contexts: ranking.slice(0, 5),
      milliseconds,
      usd: 0,
    });
    machine.look(cases.length);
  }
  return {
    ...header,
    dataset: {
      name: keywordsDataset,
      sha256: sha256(canonicalJson(items.map((item) => ({ ...item, gold: { ...item.gold } })))),
      split: header.dataset.split,
    },
    // Places are counted, nobody judges.
    judges: [],
    machine: machine.state(cases.length),
    cases,
  };
}

async function listDocuments({ client, collection }: HandbookStore, signal: AbortSignal | undefined) {
  return await Array.fromAsync(allPages((page) => client.documents.list(collection, page, { signal })));
}

async function readTexts(store: HandbookStore, signal: AbortSignal | undefined): Promise<{ id: string; text: string }[]> {
  const documents = await listDocuments(store, signal);
  const texts = await Promise.all(
    documents.map(async ({ id, externalId, versionId }) =>
      versionId === null ? [] : [{ id: externalId, text: await store.client.documents.text(id, versionId, { signal }) }],
    ),
  );
  return texts.flat().toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function shippedPipeline(name: string): PipelineSpec {
  const found = Object.entries(pipelines).find(([shipped]) => shipped === name)?.[1];
  if (found) return found;
  throw new FootnoteError("pipeline_unknown", `There is no shipped pipeline ${name}; known are ${Object.keys(pipelines).join(", ")}.`);
}

/** Looks at the machine every few cases while a run goes on, in the same moments in which the cases wait for it. */
function watchMachine(): { look(done: number): void; state(cases: number): MachineState } {
  const calibrations = [measureMachine()];
  const loads: number[] = [];
  const began = process.cpuUsage();
  return {
    look(done) {
      if (done % 8 !== 0) return;
      calibrations.push(measureMachine());
      loads.push((loadavg()[0] ?? 0) / availableParallelism());
    },
    state(cases) {
      const { user, system } = process.cpuUsage(began);
      return {
        calibrationMs: rounded(median(calibrations)),
        cpuMs: rounded((user + system) / 1_000 / Math.max(1, cases)),
        loadPerCore: rounded(median(loads)),
      };
    },
  };
}

/** Milliseconds of this thread's processor time for a fixed piece of arithmetic: waiting for a core that others hold does not count. */
function measureMachine(): number {
  const values = new Float32Array(4_096).map((_, index) => Math.sin(index));
  const began = process.threadCpuUsage();
  let sum = 0;
  for (let round = 0; round < 1_000; round++) {
    for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) * (values[(i + round) & 4_095] ?? 0);
  }
  // The sum is used, so that the loop cannot be left out.
  const { user, system } = process.threadCpuUsage(began);
  return (user + system) / 1_000 + (Number.isNaN(sum) ? 1 : 0);
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
