import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { LanguageModel } from "@footnote/core";
import { createLateInteractionReranker, createLocalEmbedder, createProjectedEmbedder } from "@footnote/embedding";
import { ablateGolden } from "./ablation-golden.ts";
import { compareVariants, formatAblationTable, plotAblation, withAblationSection } from "./ablation-report.ts";
import type { AblationRow, AblationSet } from "./ablation-report.ts";
import { createAblationResults } from "./ablation-results.ts";
import { ablateRetrieval } from "./ablation-retrieval.ts";
import { alwaysMeasured, goldenSetName, measuredInFull } from "./ablation-sets.ts";
import { ablationVariants, baseline } from "./ablation-variants.ts";
import { readCodeVersion } from "./code-version.ts";
import { withEmbeddingCache } from "./embedding-cache.ts";
import { findShared, inCheckout } from "./shared-folder.ts";

export interface RunAblationOptions {
  /** SciFact and SQuAD as well. Default false. */
  full?: boolean;
  /** Also the training sets, on which steps are chosen: SciFact's train claims and the golden set's train split. Default false. */
  train?: boolean;
  /** Only these steps. Default: all. */
  steps?: readonly string[];
  /** Only these sets, by name; `handbook` is the golden set. Default: all that the other options name. */
  sets?: readonly string[];
  /** False: only report what earlier runs measured, and say of the rest that it is unmeasured. Default true. */
  measure?: boolean;
  /** Only the first so many questions of each set. */
  limit?: number;
  /** Folder of results and embeddings. */
  cacheDir: string;
  /** Where the model of HyDE and the like is; null: those rows are unmeasured. */
  model: LanguageModel | null;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  signal?: AbortSignal;
}

export interface AblationReport {
  rows: AblationRow[];
  trainRows: AblationRow[];
  /** Markdown of the section and the picture beside it. */
  section: string;
  svg: string;
  sets: { dataset: string; split: string; questions: number }[];
}

/** Measures every variant on every set, from where an earlier run stood. */
export async function runAblation(options: RunAblationOptions): Promise<AblationReport> {
  const { full = false, train = false, measure = true, steps, sets: only, cacheDir, model, variables, log, signal } = options;
  const limit = options.limit ?? null;
  const all = ablationVariants(model?.name ?? "model");
  const known = new Set(all.map(({ step }) => step));
  const unknown = steps?.find((step) => !known.has(step));
  if (unknown !== undefined) {
    throw new FootnoteError("invalid_request", `There is no step ${JSON.stringify(unknown)}; name some of ${[...known].join(", ")}.`);
  }
  const variants = [baseline, ...all.filter(({ step }) => !steps || steps.includes(step))];
  const measured = variants.filter(({ needsModel }) => !needsModel || model !== null);
  const wanted = (name: string) => !only || only.includes(name);
  const commit = await readCodeVersion(inCheckout("."));
  const results = createAblationResults(join(cacheDir, "ablation"));
  const local = createLocalEmbedder(variables.FOOTNOTE_EMBED_WORKERS ? { threads: Number(variables.FOOTNOTE_EMBED_WORKERS) } : {});
  const cached = await withEmbeddingCache(local, join(cacheDir, "embeddings"));
  const embedders = [cached, createProjectedEmbedder({ embedder: cached })];
  const common = { results, limit, commit, measure, log, ...(signal ? { signal } : {}) };
  try {
    const retrievalSet = async (dataset: string, split: string): Promise<AblationSet[]> => {
      const folder = wanted(dataset) ? findShared(join("data/retrieval", dataset), variables) : null;
      if (wanted(dataset) && !folder) log(`skipped: ${dataset} is not here; set FOOTNOTE_SHARED`);
      if (!folder) return [];
      const found = await ablateRetrieval({
        ...common,
        folder,
        split,
        variants: measured.filter(({ answersOnly }) => !answersOnly),
        embedders,
        rerankersFor: (store) => [createLateInteractionReranker({ embedder: local, tokenVectors: store.tokenVectors })],
        modelNamed: (_tenant, name) => (name === model?.name ? model : undefined),
      });
      return found.size === 0 ? [] : [{ dataset, split, metrics: ["ndcg@10"], results: found }];
    };
    const goldenSet = async (split: "train" | "test"): Promise<AblationSet[]> => {
      if (!wanted(goldenSetName)) return [];
      const found = await ablateGolden({ ...common, split, variants: measured, variables });
      const metrics = ["ndcg@10", "gold-citation-recall", "abstention"];
      return found.size === 0 ? [] : [{ dataset: goldenSetName, split, metrics, results: found }];
    };
    const test: AblationSet[] = [];
    for (const dataset of [...alwaysMeasured, ...(full ? measuredInFull : [])]) test.push(...(await retrievalSet(dataset, "test")));
    test.push(...(await goldenSet("test")));
    const fitted: AblationSet[] = [];
    if (train) fitted.push(...(await retrievalSet("scifact", "train")), ...(await goldenSet("train")));
    if (test.length + fitted.length === 0) throw new FootnoteError("invalid_request", "None of the sets is here, so nothing was measured.");
    const rows = compareVariants(variants, test);
    const trainRows = compareVariants(variants, fitted);
    const svg = plotAblation(rows, test);
    return {
      rows,
      trainRows,
      svg,
      section: sectionOf({ rows, test, trainRows, fitted, model, limit, commit }),
      sets: [...test, ...fitted].map(({ dataset, split, results: found }) => ({
        dataset,
        split,
        questions: Math.max(0, ...[...found.values()].map(({ values }) => Object.keys(values).length)),
      })),
    };
  } finally {
    await cached.close();
  }
}

function sectionOf(options: {
  rows: AblationRow[];
  test: AblationSet[];
  trainRows: AblationRow[];
  fitted: AblationSet[];
  model: LanguageModel | null;
  limit: number | null;
  commit: string | null;
}): string {
  const { rows, test, trainRows, fitted, model, limit, commit } = options;
  const measured = rows.filter((row) => row.pooled !== null);
  const excluded = measured.filter(({ pooled }) => pooled && (pooled.low > 0 || pooled.high < 0)).length;
  return [
    "## Figures",
    "",
    "    pnpm eval ablation [--full] [--train]",
    "",
    "The reference with one thing changed, against the reference: `default` with convex fusion and no reranker, and `default` itself until a reranker earned its place. Differences paired by question with 95 % percentile bootstrap intervals (2,000 resamples); bold where zero lies outside.",
    "Through an embedded store, like the figures of [retrieval.md](retrieval.md). `time` is the median ratio of search times, both asked one after the other for each question; empty where the index differs. `chunks` is the size of the index. † counts right citations (gold-citation-recall), where the ranking stays as it is; a number in brackets says of how many sets the mean is.",
    `Intervals are not corrected for the number of rows: of ${measured.length} rows about one in twenty would leave zero out by chance (here ${excluded} do for the mean of the sets).`,
    model
      ? `Rows that need a language model were measured with ${model.name}.`
      : "No language model was configured: the rows that need one are unmeasured.",
    ...(limit === null ? [] : [`Only the first ${limit} questions of each set.`]),
    ...(commit === null ? [] : [`Written at ${commit.slice(0, 12)}${commit.includes("+") ? " plus uncommitted work" : ""}.`]),
    "",
    "![Effect of each step against the reference](ablation.svg)",
    "",
    "### Test sets (for reporting only)",
    "",
    formatAblationTable(rows, test, baseline),
    ...(fitted.length === 0
      ? []
      : ["", "### Training sets (where steps are chosen)", "", formatAblationTable(trainRows, fitted, baseline)]),
  ].join("\n");
}

/** Puts the section into docs/quality/ablation.md and the picture beside it. */
export async function writeAblation(report: AblationReport, docs: string): Promise<void> {
  const page = join(docs, "quality/ablation.md");
  const picture = join(docs, "quality/ablation.svg");
  await mkdir(dirname(picture), { recursive: true });
  await writeFile(picture, report.svg);
  await writeFile(
    page,
    withAblationSection(await readFile(page, "utf8").catch(() => "# What each step does (ablation)\n"), report.section),
  );
}

/** What a person reads on the terminal. */
export function formatAblationReport({ rows, sets }: AblationReport): string {
  const lines = rows.map(({ step, change, pooled, unmeasured, latency }) => {
    const figures = pooled
      ? `${pooled.mean >= 0 ? "+" : ""}${pooled.mean.toFixed(3)} [${pooled.low.toFixed(3)}, ${pooled.high.toFixed(3)}]${latency === null ? "" : `, time ×${latency.toFixed(2)}`}`
      : (unmeasured ?? "answers only: see the table");
    return `${`${step}: ${change}`.padEnd(52)} ${figures}`;
  });
  return [...sets.map(({ dataset, split, questions }) => `${dataset} (${split}): ${questions} questions`), ...lines].join("\n");
}
