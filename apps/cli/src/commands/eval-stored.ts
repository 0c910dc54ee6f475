import { readFile } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { EvalResult, EvalRun } from "@footnote/sdk";
import type { FootnoteClient } from "@footnote/server/local-client";
import { Option } from "commander";
import type { Command } from "commander";
import { allPages } from "@footnote/server/all-pages";
import { type Connection, connect, inCollection, isNotFound } from "../connection.ts";
import { prepare } from "../prepare.ts";
import { type CommonOptions, type Context, decimalNumber, type Output } from "@footnote/terminal";
import { datasetFormats } from "../eval/import-dataset.ts";
import type { DatasetFormat } from "../eval/import-dataset.ts";
import { handbookCollection } from "@footnote/server/handbook";

interface UploadOptions extends CommonOptions {
  collection: string;
  name?: string;
  format: DatasetFormat;
}
interface StartOptions extends CommonOptions {
  split: "train" | "test";
  pipeline?: string;
  detach?: boolean;
}
interface ListOptions extends CommonOptions {
  dataset?: string;
}
interface ShowOptions extends CommonOptions {
  tag?: string;
  metric?: string;
  below?: number;
}

/** Datasets and runs that a server or the own store keeps: `eval upload`, `start`, `runs` and `show`. */
export function addEvalStored(evaluate: Command, context: Context): void {
  const { signal, cwd } = context;

  async function connected(options: CommonOptions, work: (connection: Connection, output: Output) => Promise<void>): Promise<void> {
    const { env, folder, output } = await prepare(context, options);
    const connection = await connect({ env, folder });
    try {
      await work(connection, output);
    } finally {
      await connection.close();
    }
  }

  evaluate
    .command("upload")
    .description("store questions about a collection under a name")
    .argument("<file>", "cases as JSON Lines, or an export of ragas or SQuAD")
    .option("-c, --collection <name>", "the collection that they are about", handbookCollection)
    .option("--name <name>", "default: the file's, in lower case")
    .addOption(new Option("--format <name>", "of the file").choices(datasetFormats).default("footnote"))
    .addHelpText(
      "after",
      `
The contexts of a ragas or SQuAD file become documents of the collection. A dataset of the same name is replaced as a whole.

Example:
  footnote eval upload my-questions.jsonl --collection handbook --name my-questions`,
    )
    .action(async (file: string, options: UploadOptions) => {
      const { readDataset, putDocuments } = await import("../eval/import-dataset.ts");
      const { writeEvalCases } = await import("@footnote/evaluation/datasets");
      const { collection, format } = options;
      const text = await readFile(resolve(cwd, file), "utf8").catch((cause: unknown) => {
        throw new FootnoteError("invalid_request", `The dataset ${file} cannot be read; name a file.`, { cause });
      });
      const { cases, documents = [] } = readDataset(text, { format, name: basename(file) });
      const name = options.name ?? basename(file, extname(file)).toLowerCase();
      await connected(options, async ({ client }, output) => {
        await inCollection(collection, () => client.collections.get(collection, { signal }));
        if (documents.length > 0) {
          const bar = output.progress("Ingesting", documents.length);
          await putDocuments({ client, collection, documents, onProgress: (done) => bar.update(done), signal }).finally(() => bar.end());
        }
        const dataset = await client.evals.datasets.put({ collection, name, cases: writeEvalCases(cases) }, { signal });
        output.print(`${dataset.name}: ${dataset.caseCount} cases about ${collection}`, dataset);
      });
    });

  evaluate
    .command("start")
    .description("have a job ask the questions of a stored dataset, and wait for it")
    .argument("<dataset>", "its name")
    .option("-p, --pipeline <name>", "default: the collection's own")
    .addOption(new Option("--split <name>", "which cases").choices(["train", "test"]).default("test"))
    .option("--detach", "do not wait; only with a server")
    .addHelpText(
      "after",
      `
The job goes on when this command ends; footnote eval show prints what it gave.

Example:
  footnote eval start my-questions --pipeline default`,
    )
    .action(async (dataset: string, options: StartOptions) => {
      const { split, pipeline, detach = false } = options;
      await connected(options, async ({ client, where }, output) => {
        if (detach && where === "here") {
          throw new FootnoteError("invalid_request", "--detach needs a running server, which the job goes on in; start footnote serve.");
        }
        const request = { dataset, split, ...(pipeline === undefined ? {} : { pipeline }) };
        const { run, job } = await found(noDataset(dataset), () => client.evals.runs.create(request, { signal }));
        if (detach) return output.print(run.id, run);
        const bar = output.progress("Asking", run.caseCount);
        const ended = await client.jobs
          .wait(job.id, { signal, onUpdate: ({ progress }) => bar.update(Math.floor(progress * run.caseCount)) })
          .finally(() => bar.end());
        if (ended.state !== "succeeded") {
          context.exitCode = 1;
          output.note(`The job ended as ${ended.state}: ${ended.error?.message ?? "no reason was given."}`);
        }
        await printRun(await client.evals.runs.get(run.id, { signal }), output);
      });
    });

  evaluate
    .command("runs")
    .description("list stored runs, the newest first")
    .option("--dataset <name>", "only of this dataset")
    .addHelpText("after", "\nExample:\n  footnote eval runs --dataset my-questions")
    .action(async ({ dataset, ...options }: ListOptions) => {
      await connected(options, async ({ client }, output) => {
        let any = false;
        for await (const run of allPages((page) =>
          client.evals.runs.list({ ...page, ...(dataset === undefined ? {} : { dataset }) }, { signal }),
        )) {
          any = true;
          output.print(titleOf(run), run);
        }
        if (any) return;
        if (dataset === undefined) return output.print("There are no runs; begin one with footnote eval start.");
        await found(noDataset(dataset), () => client.evals.datasets.get(dataset, { signal }));
        output.print(`There are no runs of ${dataset}; begin one with footnote eval start ${dataset}.`);
      });
    });

  evaluate
    .command("show")
    .description("print a stored run and the questions of it")
    .argument("<run>", "its id")
    .option("--tag <tag>", "only questions with this tag")
    .option("--metric <name>", "only questions to which it applies, with its value")
    .option("--below <number>", "with --metric: only where it is less", decimalNumber({ from: 0, to: 1 }))
    .addHelpText("after", "\nExample:\n  footnote eval show run_… --metric faithfulness --below 1")
    .action(async (id: string, options: ShowOptions, command: Command) => {
      const { tag, metric, below } = options;
      if (below !== undefined && metric === undefined) {
        command.error("error: --below needs --metric: name the metric whose values are meant.");
      }
      await connected(options, async ({ client }, output) => {
        const run = await found(`There is no run ${id} here; footnote eval runs lists them.`, () => client.evals.runs.get(id, { signal }));
        await printRun(run, output);
        const filter = { ...(tag ? { tag } : {}), ...(metric ? { metric } : {}), ...(below === undefined ? {} : { below }) };
        let any = false;
        for await (const result of resultsOf(client, id, filter)) {
          any = true;
          output.print(formatResult(result, metric), result);
        }
        if (!any && Object.keys(filter).length > 0)
          output.note("No question of this run is so; tags and metrics stand in the table above.");
      });
    });

  const resultsOf = (client: FootnoteClient, id: string, filter: { tag?: string; metric?: string; below?: number }) =>
    allPages((page) => client.evals.runs.results(id, { ...page, ...filter }, { signal }));
}

const noDataset = (name: string): string => `There is no dataset ${name} here; store one with footnote eval upload.`;

/** What is not found, in words of what was asked for. */
async function found<T>(sentence: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new FootnoteError("not_found", sentence, { cause: error });
  }
}

const titleOf = ({ id, dataset, split, pipeline, state, doneCount, caseCount, createdAt }: EvalRun): string =>
  `${id}  ${createdAt}  ${dataset} (${split}), pipeline ${pipeline}: ${state}, ${doneCount} of ${caseCount} questions`;

async function printRun(run: EvalRun, output: Output): Promise<void> {
  const { formatSummary } = await import("@footnote/evaluation/runs");
  const summary = (run.summary ?? []).map(({ metric, slice, ...interval }) => ({ metric, slice, interval }));
  const table = summary.length === 0 ? "" : `\n${formatSummary(summary)}\njudged by ${run.judges.join(", ")}`;
  output.print(`${titleOf(run)}${table}`, run);
  for (const warning of run.warnings ?? []) output.note(warning);
}

function formatResult({ case: asked, answer, metrics }: EvalResult, metric: string | undefined): string {
  const value = metric === undefined ? undefined : metrics[metric];
  const score = typeof value === "number" ? `  ${metric} ${value.toFixed(3)}` : "";
  const cited = answer.sentences.flatMap(({ citations }) => citations.map(({ document, start, end }) => `${document} ${start}–${end}`));
  const sources = cited.length === 0 ? "" : `\n  [${cited.join("; ")}]`;
  return `${asked.id}${score}  ${asked.question}\n  ${answer.text === "" ? `(${answer.finishReason})` : answer.text}${sources}`;
}
