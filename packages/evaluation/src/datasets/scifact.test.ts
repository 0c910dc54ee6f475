import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readScifactClaims } from "./scifact.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-scifact-"));
  await mkdir(join(folder, "qrels"));
  await write("qrels/test.tsv", "query-id\tcorpus-id\tscore\nv1\td1\t1\n");
  await write("corpus.jsonl", rows({ _id: "d1", title: "One", text: "It is so." }, { _id: "d2", title: "Two", text: "It is not." }));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (path: string, text: string) => writeFile(join(folder, path), text);
const rows = (...list: object[]) => list.map((row) => JSON.stringify(row)).join("\n");
const claims = (...list: object[]) => write("claims_train_dev_with_evidence.jsonl", rows(...list));
const claim = (id: string, split: string, more: object = {}) => ({
  id,
  claim: `Claim ${id}.`,
  split,
  cited_doc_ids: ["d1"],
  evidence: [],
  ...more,
});

describe("readScifactClaims", () => {
  it("pairs a claim with its evidence, or with what it was written from", async () => {
    const evidence = [
      { doc_id: "d1", label: "SUPPORT", sentences: [0] },
      { doc_id: "d2", label: "CONTRADICT", sentences: [0] },
      { doc_id: "gone", label: "SUPPORT", sentences: [0] },
    ];
    await claims(claim("1", "train", { evidence }), claim("2", "train"));
    const read = await readScifactClaims(folder, "train");
    expect(read.map(({ claimId, label, abstract }) => [claimId, label, abstract])).toEqual([
      ["1", "support", "It is so."],
      ["1", "contradict", "It is not."],
      ["2", "none", "It is so."],
    ]);
  });

  it("gives the rows of one split only", async () => {
    await claims(claim("1", "train"), claim("v1", "validation"));
    expect((await readScifactClaims(folder, "train")).map(({ claimId }) => claimId)).toEqual(["1"]);
    expect((await readScifactClaims(folder, "validation")).map(({ claimId }) => claimId)).toEqual(["v1"]);
  });

  it("refuses to fit on a test query, however its row is marked", async () => {
    await claims(claim("1", "train"), claim("v1", "train"));
    await expect(readScifactClaims(folder, "train")).rejects.toThrow(/Line 2 .* is a test query/u);
  });

  it("names the place of a row that is no claim", async () => {
    await claims({ id: 4, split: "train" });
    await expect(readScifactClaims(folder, "train")).rejects.toThrow(/Line 1 of claims_train_dev_with_evidence.jsonl: claim must be/u);
  });
});
