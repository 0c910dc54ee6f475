import type { Command } from "commander";
import { connect, inCollection } from "../connection.ts";
import { prepare } from "../prepare.ts";
import { type CommonOptions, type Context, wholeNumber } from "@footnote/terminal";
import { handbookCollection } from "@footnote/server/handbook";

interface SearchOptions extends CommonOptions {
  collection: string;
  limit: number;
  pipeline?: string;
}

export function addSearch(program: Command, context: Context): void {
  program
    .command("search")
    .description("find passages, without an answer")
    .argument("<query>", "what to look for, in quotes")
    .option("-c, --collection <name>", "the collection to search", handbookCollection)
    .option("-n, --limit <number>", "passages wanted, 1 to 50", wholeNumber({ from: 1, to: 50 }), 5)
    .option("-p, --pipeline <name>", "default or hybrid-rrf-rerank")
    .addHelpText("after", `\nExample:\n  footnote search "parental leave" --collection handbook --limit 3`)
    .action(async (query: string, options: SearchOptions) => {
      const { env, folder, output } = await prepare(context, options);
      const connection = await connect({ env, folder, warm: true });
      try {
        const { collection, limit, pipeline } = options;
        const found = await inCollection(collection, () =>
          connection.client.search({ query, collection, limit, ...(pipeline ? { pipeline } : {}) }, { signal: context.signal }),
        );
        if (found.hits.length === 0) output.print("Nothing was found.");
        for (const [i, hit] of found.hits.entries()) {
          const { chunk, score } = hit;
          const where = [chunk.title ?? chunk.documentId, chunk.page ? `page ${chunk.page}` : ""].filter(Boolean).join(", ");
          const text = chunk.text.replace(/\s+/gu, " ").trim();
          output.print(
            `${i + 1}. ${where} (${score.toFixed(3)})\n   ${text.length > 300 ? `${text.slice(0, 300).toWellFormed()}…` : text}`,
            hit,
          );
        }
        for (const { from, to } of found.corrections ?? []) output.note(`Searched for "${to}": no document says "${from}".`);
        for (const warning of found.warnings ?? []) output.note(warning);
        if (found.degraded.length > 0)
          output.note(
            `Degraded: ${found.degraded.map(({ step, reason, fallback }) => `${step} failed (${reason}), ${fallback} instead`).join("; ")}`,
          );
      } finally {
        await connection.close();
      }
    });
}
