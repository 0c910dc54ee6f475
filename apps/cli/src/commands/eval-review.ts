import { createInterface } from "node:readline/promises";
import { resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { ProposedCase } from "@footnote/evaluation/proposals";
import type { Command } from "commander";
import { type Context, createOutput, type Output } from "@footnote/terminal";

interface ReviewOptions {
  json?: boolean;
  accept?: string[];
  reject?: string[];
}

const help = "a accept · e edit · r reject · s skip · q stop";

export function addEvalReview(evaluate: Command, context: Context): void {
  evaluate
    .command("review")
    .description("accept, edit or reject proposed questions, one after the other")
    .argument("<file>", "proposals, as eval bootstrap and eval candidates write them")
    .option("--accept <id...>", "accept these without asking")
    .option("--reject <id...>", "reject these without asking")
    .addHelpText(
      "after",
      `
Every decision is written at once; stop whenever you like. What is rejected leaves the file. In an editor: change what is wrong, set
"reviewed" to true on the lines that you accept, delete those that you reject, and run this to see that every line still holds.
Without a terminal nothing is asked: the counts are printed.

A file whose lines are all reviewed is a dataset: footnote eval run <file> --collection <name>.

Exit status: 0 everything reviewed, 3 some lines are not, 1 a line is wrong, 2 wrong usage.`,
    )
    .action(async (file: string, options: ReviewOptions) => {
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const { readProposalFile, writeProposalFile } = await import("../eval/proposal-file.ts");
      const path = resolve(context.cwd, file);
      let proposals = await readProposalFile(path);
      if (!proposals) throw new FootnoteError("invalid_request", `There is no file ${file}; make one with footnote eval bootstrap.`);
      const { accept = [], reject = [] } = options;
      const unknown = [...accept, ...reject].find((id) => !proposals?.some((proposal) => proposal.case.id === id));
      if (unknown !== undefined) throw new FootnoteError("invalid_request", `No proposal of ${file} has the id ${unknown}; check the ids.`);
      const both = accept.find((id) => reject.includes(id));
      if (both !== undefined) throw new FootnoteError("invalid_request", `${both} is both accepted and rejected; choose one.`);
      const counts = { accepted: accept.length, rejected: reject.length };
      if (accept.length + reject.length > 0) {
        proposals = proposals
          .filter((proposal) => !reject.includes(proposal.case.id))
          .map((proposal) => (accept.includes(proposal.case.id) ? finished(proposal) : proposal));
        await writeProposalFile(path, proposals);
      } else if (context.terminal.stdin?.isTTY && !output.json) {
        const asked = await reviewAll({ context, output, proposals, save: (left) => writeProposalFile(path, left) });
        proposals = asked.left;
        Object.assign(counts, asked.counts);
      }
      const left = proposals.filter(({ reviewed }) => !reviewed).length;
      output.print(
        `${file}: ${proposals.length} cases, ${proposals.length - left} reviewed, ${left} to go; now ${counts.accepted} accepted, ${counts.rejected} rejected`,
        { file, cases: proposals.length, reviewed: proposals.length - left, left, ...counts },
      );
      if (left > 0) context.exitCode = 3;
    });
}

/** Accepted as it stands; throws where it is not a case yet. */
function finished(proposal: ProposedCase): ProposedCase {
  const { id, answerable, spans, referenceAnswer } = proposal.case;
  if (answerable && spans.length === 0 && referenceAnswer === undefined) {
    throw new FootnoteError("invalid_request", `${id} is answerable and says neither where nor what; edit it, or reject it.`);
  }
  return { ...proposal, reviewed: true };
}

async function reviewAll(options: {
  context: Context;
  output: Output;
  proposals: readonly ProposedCase[];
  save(left: readonly ProposedCase[]): Promise<void>;
}): Promise<{ left: ProposedCase[]; counts: { accepted: number; rejected: number } }> {
  const { context, output, proposals, save } = options;
  const { stdin, stdout } = context.terminal;
  const counts = { accepted: 0, rejected: 0 };
  let left = [...proposals];
  if (!stdin) return { left, counts };
  const lines = createInterface({ input: stdin, output: stdout });
  // Ctrl-D is an answer too: stop.
  const closed = new Promise<null>((done) => void lines.once("close", () => done(null)));
  const ask = async (text: string) => {
    const answered = lines.question(text, { signal: context.signal }).catch(() => null);
    return await Promise.race([answered, closed]);
  };
  const change = async (id: string, to: ProposedCase | null) => {
    left = left.flatMap((proposal) => (proposal.case.id === id ? (to ? [to] : []) : [proposal]));
    await save(left);
  };
  const open = proposals.filter(({ reviewed }) => !reviewed);
  try {
    for (const [index, proposal] of open.entries()) {
      let current = proposal;
      for (;;) {
        output.print(`\n[${index + 1}/${open.length}] ${show(current)}`);
        const said = await ask(`${help}: `);
        if (said === null || said.trim() === "q") return { left, counts };
        const key = said.trim().toLowerCase();
        if (key === "s") break;
        if (key === "r") {
          await change(current.case.id, null);
          counts.rejected += 1;
          break;
        }
        if (key === "a") {
          try {
            await change(current.case.id, finished(current));
          } catch (error) {
            if (!(error instanceof FootnoteError)) throw error;
            output.note(error.message);
            continue;
          }
          counts.accepted += 1;
          break;
        }
        if (key === "e") {
          const edited = await edit(current, ask);
          if (edited === null) return { left, counts };
          current = edited;
          await change(current.case.id, current);
        }
      }
    }
  } finally {
    lines.close();
  }
  return { left, counts };
}

function show({ origin, case: row }: ProposedCase): string {
  const { id, question, history = [], answerable, tags, split, referenceAnswer, spans } = row;
  return [
    `${id} (${origin.type}${"template" in origin ? `: ${origin.template}` : ""}, ${split}, ${tags.join(", ")})`,
    ...history.map((turn) => `  before    ${turn}`),
    `  question  ${question}`,
    answerable ? `  answer    ${referenceAnswer ?? "none given"}` : "  the documents do not answer it",
    ...spans.map(({ document, quote }) => `  ${document}: “${quote}”`),
    ...(origin.type === "feedback" && origin.answer !== undefined ? [`  was said  ${origin.answer}`] : []),
    ...(origin.type === "feedback" ? [`  feedback  ${[origin.reason, origin.comment].filter(Boolean).join(": ") || "thumbs down"}`] : []),
  ].join("\n");
}

/** An empty line keeps what stands there. Null: the input has ended. */
async function edit(proposal: ProposedCase, ask: (text: string) => Promise<string | null>): Promise<ProposedCase | null> {
  const row = proposal.case;
  const question = await ask("  question (empty keeps it): ");
  if (question === null) return null;
  const answerable = await ask(`  do the documents answer it, y or n (${row.answerable ? "y" : "n"}): `);
  if (answerable === null) return null;
  const isAnswerable = answerable.trim() === "" ? row.answerable : answerable.trim().toLowerCase().startsWith("y");
  const answer = isAnswerable ? await ask("  answer (empty keeps it): ") : "";
  if (answer === null) return null;
  const tags = await ask(`  tags, separated by commas (${row.tags.join(", ")}): `);
  if (tags === null) return null;
  const named = tags
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  const { referenceAnswer, ...rest } = row;
  const said = answer.trim() === "" ? referenceAnswer : answer.trim();
  const kept = (named.length === 0 ? row.tags : named).filter((tag) => tag !== "unanswerable");
  return {
    ...proposal,
    case: {
      ...rest,
      question: question.trim() === "" ? row.question : question.trim(),
      answerable: isAnswerable,
      tags: isAnswerable ? (kept.length === 0 ? ["single-fact"] : kept) : ["unanswerable", ...kept],
      ...(isAnswerable && said !== undefined ? { referenceAnswer: said } : {}),
      spans: isAnswerable ? row.spans : [],
    },
  };
}
