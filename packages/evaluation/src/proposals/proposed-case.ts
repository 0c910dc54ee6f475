import { FootnoteError, sha256 } from "@footnote/core";
import { parseEvalCase } from "../datasets/eval-dataset.ts";
import { isRecord, readJsonLines, wrongField } from "../datasets/read-json-lines.ts";
import type { EvalCase, Split } from "../datasets/eval-case.ts";

/** Where a proposal comes from. */
export type ProposalOrigin =
  | { type: "template"; template: string }
  | { type: "model"; model: string }
  | { type: "feedback"; answerId: string; votes: number; answer?: string; reason?: string; comment?: string };

/**
 * A case that a person has yet to look at. Its line holds `reviewed: false`, and datasets refuse such lines: whoever reviewed it says
 * `true`. `origin` helps the reviewer and is left out of the dataset.
 */
export interface ProposedCase {
  reviewed: boolean;
  origin: ProposalOrigin;
  case: EvalCase;
}

/**
 * Proposals, one JSON object a line: the fields of a case beside `reviewed` and `origin`. A proposal that is not reviewed may be unfinished
 * (answerable without spans or reference answer). Throws `invalid_request` that names line and field.
 */
export function readProposals(jsonLines: string, name = "the proposals"): ProposedCase[] {
  const seen = new Set<string>();
  return readJsonLines(jsonLines, name).map(({ row, where }) => {
    const { reviewed, origin, ...fields } = row;
    if (typeof reviewed !== "boolean") throw wrongField(where, "reviewed", "true or false");
    const parsed = parseEvalCase(!reviewed && needsFilling(fields) ? { ...fields, referenceAnswer: placeholder } : fields, where);
    if (parsed.referenceAnswer === placeholder) delete parsed.referenceAnswer;
    if (seen.has(parsed.id)) throw new FootnoteError("invalid_request", `${where} repeats the id ${parsed.id}; give each case its own.`);
    seen.add(parsed.id);
    return { reviewed, origin: parseOrigin(origin, where), case: parsed };
  });
}

/** Lines that `readProposals` reads; those that are reviewed are read as a dataset too. */
export function writeProposals(proposals: readonly ProposedCase[]): string {
  return proposals.map(({ reviewed, origin, case: row }) => `${JSON.stringify({ reviewed, ...row, origin })}\n`).join("");
}

/** The same for the same question to the same place, so that proposing twice gives the same ids. */
export function proposalId(question: string, place: string): string {
  return `p-${sha256(`${place}\n${question}`).slice(0, 12)}`;
}

/** A third of all places is for training; everything that rests on a place is on one side. */
export function splitOfPlace(place: string): Split {
  return Number.parseInt(sha256(place).slice(0, 8), 16) / 2 ** 32 < 1 / 3 ? "train" : "test";
}

const placeholder = "–";
const needsFilling = ({ answerable, spans, referenceAnswer }: Record<string, unknown>) =>
  answerable === true && Array.isArray(spans) && spans.length === 0 && referenceAnswer === undefined;

function parseOrigin(value: unknown, where: string): ProposalOrigin {
  if (isRecord(value)) {
    const { type, template, model, answerId, votes, answer, reason, comment } = value;
    if (type === "template" && typeof template === "string") return { type, template };
    if (type === "model" && typeof model === "string") return { type, model };
    if (type === "feedback" && typeof answerId === "string" && typeof votes === "number") {
      return {
        type,
        answerId,
        votes,
        ...(typeof answer === "string" ? { answer } : {}),
        ...(typeof reason === "string" ? { reason } : {}),
        ...(typeof comment === "string" ? { comment } : {}),
      };
    }
  }
  throw wrongField(where, "origin", "as it was written: of the type template, model or feedback");
}
