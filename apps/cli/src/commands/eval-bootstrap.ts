import { resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { Command } from "commander";
import { connect, inCollection } from "../connection.ts";
import { prepare } from "../prepare.ts";
import { type CommonOptions, type Context, wholeNumber } from "@footnote/terminal";

interface BootstrapOptions extends CommonOptions {
  collection: string;
  out: string;
  limit: number;
  documents: number;
  passages: number;
  model: boolean;
}

export function addEvalBootstrap(evaluate: Command, context: Context): void {
  evaluate
    .command("bootstrap")
    .description("propose questions about a collection of your own; a person reviews them before anything uses them")
    .requiredOption("-c, --collection <name>", "the collection whose documents are asked about")
    .option("--out <file>", "add the proposals there, as JSON Lines", "proposals.jsonl")
    .option("--limit <number>", "at most so many new proposals", wholeNumber(), 100)
    .option("--documents <number>", "read at most so many documents", wholeNumber(), 200)
    .option("--passages <number>", "show the model at most so many passages", wholeNumber(), 50)
    .option("--no-model", "templates only, though a model is configured")
    .addHelpText(
      "after",
      `
Without a model, questions are made from definitions, sentences with numbers, dates and times, table rows and headings. Where MODEL_URL
and MODEL_NAME are set, that model writes questions too: it is sent passages of the documents, and a quote that it did not copy exactly is
thrown away. What stands in the file already is kept, and not proposed again.

A proposal says "reviewed": false, and eval run and the gate refuse it. Go through them with footnote eval review.

Example:
  footnote eval bootstrap --collection handbook --out handbook-proposals.jsonl --limit 60`,
    )
    .action(async (options: BootstrapOptions) => {
      const { env, folder, output } = await prepare(context, options);
      const { signal, cwd } = context;
      const { proposeByModel, proposeByTemplate, selectProposals } = await import("@footnote/evaluation/proposals");
      const { readCollection } = await import("../eval/bootstrap-documents.ts");
      const { readProposalFile, writeProposalFile } = await import("../eval/proposal-file.ts");
      const { createSystemClock } = await import("@footnote/core");
      const { openModel } = await import("@footnote/server/models");
      const path = resolve(cwd, options.out);
      // Before anything is paid for: a file that cannot be read would be lost work.
      const kept = (await readProposalFile(path)) ?? [];
      const model = options.model ? await openModel({ env, role: "MODEL", clock: createSystemClock() }) : null;
      const connection = await connect({ env, folder });
      try {
        const { collection, limit } = options;
        const { documents, more } = await inCollection(collection, () =>
          readCollection({ client: connection.client, collection, limit: options.documents, signal }),
        );
        if (documents.length === 0) {
          throw new FootnoteError("invalid_request", `No document of ${collection} is searchable; ingest some first.`);
        }
        if (more) output.note(`Only the first ${documents.length} documents were read; raise --documents for more.`);
        let written: Awaited<ReturnType<typeof proposeByModel>> | null = null;
        if (model) {
          const bar = output.progress(`Asking ${model.name}`, options.passages);
          try {
            written = await proposeByModel({
              model,
              documents,
              passages: options.passages,
              onPassage: ({ done }) => bar.update(done),
              signal,
            });
          } finally {
            bar.end();
          }
        }
        const known = kept.map((proposal) => proposal.case);
        const chosen = selectProposals([...(written?.proposals ?? []), ...proposeByTemplate(documents)], { limit, known });
        await writeProposalFile(path, [...kept, ...chosen]);
        const byModel = chosen.filter(({ origin }) => origin.type === "model").length;
        const usd = written?.usd ?? 0;
        output.print(
          [
            `${chosen.length} questions about ${documents.length} documents proposed in ${options.out}: ${byModel} by ${model?.name ?? "a model"}, ${chosen.length - byModel} by template`,
            ...(written
              ? [
                  `${model?.name}: ${written.passages} passages, ${written.modelCalls} calls, ${written.discarded} replies discarded, ${written.failed} passages failed, USD ${usd.toFixed(4)}`,
                ]
              : []),
            `Nobody has reviewed them: footnote eval review ${options.out}`,
          ].join("\n"),
          {
            proposed: chosen.length,
            byModel,
            documents: documents.length,
            more,
            file: options.out,
            model: written && { name: model?.name, usd, passages: written.passages, discarded: written.discarded, failed: written.failed },
          },
        );
      } finally {
        await connection.close();
      }
    });
}
