import { resolve } from "node:path";
import type { ProposedCase } from "@footnote/evaluation/proposals";
import type { EvalCandidate } from "@footnote/sdk";
import type { Command } from "commander";
import { allPages } from "@footnote/server/all-pages";
import { connect, inCollection } from "../connection.ts";
import { prepare } from "../prepare.ts";
import type { CommonOptions, Context } from "@footnote/terminal";

interface CandidatesOptions extends CommonOptions {
  collection?: string;
  out?: string;
}

export function addEvalCandidates(evaluate: Command, context: Context): void {
  evaluate
    .command("candidates")
    .description("list answers that people rated down, as questions to be reviewed")
    .option("-c, --collection <name>", "of this collection only; default: of all")
    .option("--out <file>", "add them there, as JSON Lines for eval review, instead of printing them")
    .addHelpText(
      "after",
      `
What was cited stands in a candidate's spans as a hint, and may be the wrong place. Correct answer and spans in an editor, or say that the
documents do not answer the question; eval run and the gate refuse what nobody has reviewed. What stands in the file already is kept.

Example:
  footnote eval candidates --collection handbook --out candidates.jsonl && footnote eval review candidates.jsonl`,
    )
    .action(async (options: CandidatesOptions) => {
      const { env, folder, output } = await prepare(context, options);
      const { selectProposals } = await import("@footnote/evaluation/proposals");
      const { readProposalFile, writeProposalFile } = await import("../eval/proposal-file.ts");
      const { collection, out } = options;
      const path = out === undefined ? null : resolve(context.cwd, out);
      const kept = path === null ? [] : ((await readProposalFile(path)) ?? []);
      const known = new Set(kept.map((proposal) => proposal.case.id));
      const connection = await connect({ env, folder });
      try {
        const { client } = connection;
        const work = () =>
          Array.fromAsync(
            allPages((page) => client.evals.candidates({ ...page, ...(collection ? { collection } : {}) }, { signal: context.signal })),
            toProposal,
          );
        const found = collection === undefined ? await work() : await inCollection(collection, work);
        if (path === null) {
          for (const { case: row, origin } of found) {
            const said = origin.type === "feedback" ? [origin.reason, origin.comment].filter(Boolean).join(": ") : "";
            output.print(`${row.id} ${row.question}${said === "" ? "" : `\n  ${said}`}`, { reviewed: false, ...row, origin });
          }
          if (found.length === 0) output.note("Nobody has rated an answer down.");
          return;
        }
        const fresh = found.filter((proposal) => !known.has(proposal.case.id));
        // People ask the same question again when the answer was bad: once is enough.
        const chosen = selectProposals(fresh, { limit: fresh.length, known: kept.map((proposal) => proposal.case), onePerPlace: false });
        await writeProposalFile(path, [...kept, ...chosen]);
        output.print(
          `${chosen.length} new candidates in ${out}, ${found.length - chosen.length} known already: footnote eval review ${out}`,
          {
            found: found.length,
            added: chosen.length,
            file: out,
          },
        );
      } finally {
        await connection.close();
      }
    });
}

function toProposal({ reviewed, origin, ...rest }: EvalCandidate): ProposedCase {
  const { history, language, referenceAnswer, spans, ...row } = rest;
  const { answer, reason, comment, ...from } = origin;
  return {
    reviewed,
    origin: {
      ...from,
      ...(answer === undefined ? {} : { answer }),
      ...(reason === undefined ? {} : { reason }),
      ...(comment === undefined ? {} : { comment }),
    },
    case: {
      ...row,
      ...(history === undefined ? {} : { history }),
      ...(language === undefined ? {} : { language }),
      ...(referenceAnswer === undefined ? {} : { referenceAnswer }),
      spans: spans.map(({ document, quote, part }) => ({ document, quote, ...(part === undefined ? {} : { part }) })),
    },
  };
}
