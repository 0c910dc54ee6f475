import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FootnoteError } from "@footnote/core";
import { isRecord, readJsonLines, wrongField } from "./read-json-lines.ts";

/** `none`: the abstract was looked at and neither supports nor contradicts the claim. */
export type EvidenceLabel = "support" | "contradict" | "none";

/** A claim beside one abstract, and what people said of the two. */
export interface LabelledClaim {
  claimId: string;
  claim: string;
  title: string;
  abstract: string;
  label: EvidenceLabel;
}

/**
 * Pairs of claim and abstract of SciFact (Wadden et al. 2020, arXiv 2004.14974) of one split: `train` (809 claims) is for fitting, `validation` (300) for
 * reporting. A claim without evidence is paired with the abstracts it was written from. Rows of the other split are dropped unread, and a `train` claim whose id is in
 * qrels/test.tsv is refused: nothing is fitted on a test query.
 */
export async function readScifactClaims(folder: string, split: "train" | "validation"): Promise<LabelledClaim[]> {
  const name = "claims_train_dev_with_evidence.jsonl";
  const claims = readJsonLines(await readFile(join(folder, name), "utf8"), name).filter(({ row }) => row["split"] === split);
  if (split === "train") {
    const test = await readFile(join(folder, "qrels/test.tsv"), "utf8");
    const testIds = new Set(test.split("\n").map((line) => line.split("\t")[0] ?? ""));
    const known = claims.find(({ row }) => testIds.has(String(row["id"])));
    if (known !== undefined) {
      throw new FootnoteError(
        "invalid_request",
        `${known.where} is a test query; nothing may be fitted on it, so take it out of the training rows.`,
      );
    }
  }
  const abstracts = new Map<string, { title: string; text: string }>();
  for (const { row } of readJsonLines(await readFile(join(folder, "corpus.jsonl"), "utf8"), "corpus.jsonl")) {
    abstracts.set(String(row["_id"]), { title: String(row["title"] ?? ""), text: String(row["text"] ?? "") });
  }
  return claims.flatMap(({ row, where }) => {
    const { id, claim } = row;
    if (typeof id !== "string" || typeof claim !== "string") throw wrongField(where, "claim", "a text, with an id");
    const judged = (Array.isArray(row["evidence"]) ? row["evidence"] : []).filter(isRecord).map((one) => ({
      document: String(one["doc_id"]),
      label: one["label"] === "SUPPORT" ? ("support" as const) : ("contradict" as const),
    }));
    const cited = (Array.isArray(row["cited_doc_ids"]) ? row["cited_doc_ids"] : []).map((document) => ({
      document: String(document),
      label: "none" as const,
    }));
    // A document is listed once for each set of sentences that would do.
    const distinct = new Map((judged.length > 0 ? judged : cited).map((one) => [one.document, one]));
    return [...distinct.values()].flatMap(({ document, label }) => {
      const abstract = abstracts.get(document);
      return abstract === undefined ? [] : [{ claimId: id, claim, title: abstract.title, abstract: abstract.text, label }];
    });
  });
}
