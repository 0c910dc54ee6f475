import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FootnoteError } from "@footnote/core";
import { evaluateGoldenSet, readGoldenQuestions } from "@footnote/evaluation";
import type { GoldenOutcome, GoldenReport } from "@footnote/evaluation";
import { connect } from "../connection.ts";
import { openDataFolder } from "../data-folder.ts";
import { readEnvironment } from "../env.ts";
import { findFiles } from "../files.ts";
import { findHandbook, handbookCollection } from "../handbook.ts";
import { syncFiles } from "../sync-files.ts";
import { atLeast, atMost } from "./goals.ts";
import type { Goal } from "./goals.ts";
import { inCheckout } from "./shared-folder.ts";

export interface HandbookReport extends GoldenReport {
  pipeline: string;
  documents: number;
  goals: Goal[];
}

/**
 * `eval handbook`: the sample documents through the worker into an embedded store of their own, every question of the golden set through
 * `POST /v1/answers` of an API over it. Nothing of the caller's configuration but the number of embedding workers takes part.
 */
export async function runHandbook(options: {
  /** Default `default`. */
  pipeline?: string;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  signal?: AbortSignal;
}): Promise<HandbookReport> {
  const { pipeline = "default", variables, log, signal } = options;
  const handbook = await findHandbook();
  if (!handbook) throw new FootnoteError("invalid_request", "examples/handbook is not here; run this in a checkout of Footnote.");
  const questions = readGoldenQuestions(await readFile(inCheckout("evals/handbook/questions.jsonl"), "utf8"));
  const files = await findFiles([handbook.documents]);

  const path = await mkdtemp(join(tmpdir(), "footnote-eval-"));
  try {
    const { FOOTNOTE_EMBED_WORKERS } = variables;
    // No .env file either: an evaluation must not write into the store that somebody works with.
    const env = readEnvironment({ variables: { FOOTNOTE_LOG_LEVEL: "silent", FOOTNOTE_EMBED_WORKERS }, folder: path });
    const { client, close } = await connect({ env, folder: await openDataFolder(path) });
    try {
      await client.collections.put(handbookCollection, { pipeline }, { signal });
      log(`Ingesting ${files.length} documents…`);
      const outcomes = await syncFiles({ client, collection: handbookCollection, files, prune: false, ...(signal ? { signal } : {}) });
      const failed = outcomes.find(({ error }) => error);
      if (failed) {
        const { externalId, error } = failed;
        throw new FootnoteError(
          "internal",
          `The sample document ${externalId} was not ingested (${error?.code ?? "unknown"}); mend that first.`,
        );
      }
      const versions = new Map<string, Promise<{ externalId: string; text: string }>>();
      const report = await evaluateGoldenSet({
        questions,
        ask: (question, abort) => client.answers.create({ question, collection: handbookCollection, pipeline }, { signal: abort }),
        readVersion({ documentId, versionId }) {
          const known = versions.get(versionId);
          if (known) return known;
          const read = Promise.all([
            client.documents.get(documentId, { signal }),
            client.documents.text(documentId, versionId, { signal }),
          ]);
          const made = read.then(([{ externalId }, text]) => ({ externalId, text }));
          versions.set(versionId, made);
          return made;
        },
        log: (outcome) => {
          if (!outcome.right || outcome.falseCitations > 0) log(formatWrong(outcome));
        },
        ...(signal ? { signal } : {}),
      });
      return { pipeline, documents: files.length, ...report, goals: handbookGoals(report) };
    } finally {
      await close();
    }
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/** What the sample documents must reach: issue 3. */
export function handbookGoals({ answerable, unanswerable, citations }: GoldenReport): Goal[] {
  return [
    atLeast("answered from a right span", Math.ceil(answerable.total * 0.9), answerable.right),
    atLeast("unanswerable ones abstained", Math.ceil(unanswerable.total * (7 / 8)), unanswerable.abstained),
    atMost("false citations", 0, citations.false),
  ];
}

function formatWrong({ id, question, answerable, finishReason, text, falseCitations }: GoldenOutcome): string {
  const why =
    falseCitations > 0 ? `${falseCitations} false citations` : answerable ? "no citation of an expected span" : "should have abstained";
  return `${id} ${question}\n  ${why} (${finishReason}): ${text === "" ? "no answer" : text}`;
}

export function formatHandbookReport({ pipeline, documents, answerable, unanswerable, citations }: HandbookReport): string {
  return [
    `handbook: ${documents} documents, ${answerable.total + unanswerable.total} questions, pipeline ${pipeline}`,
    `right span ${answerable.right} of ${answerable.total}, right first ${answerable.rightFirst} of ${answerable.total}, abstained ${unanswerable.abstained} of ${unanswerable.total}, citations verified ${citations.total - citations.false} of ${citations.total}`,
  ].join("\n");
}
