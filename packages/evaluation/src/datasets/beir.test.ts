import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBeirCorpus, readBeirQueries } from "./beir.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-beir-"));
  await mkdir(join(folder, "qrels"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (name: string, text: string) => writeFile(join(folder, name), text);
async function corpus() {
  const rows = [];
  for await (const row of readBeirCorpus(folder)) rows.push(row);
  return rows;
}

describe("readBeirCorpus", () => {
  it("gives rows in order, with an empty title where there is none, over blank lines and CRLF", async () => {
    await put(
      "corpus.jsonl",
      '{"_id":"a","title":"A","text":"one"}\r\n\r\n{"_id":"b","text":"two","metadata":{}}\n{"_id":"c","title":null,"text":""}',
    );
    expect(await corpus()).toEqual([
      { id: "a", title: "A", text: "one" },
      { id: "b", title: "", text: "two" },
      { id: "c", title: "", text: "" },
    ]);
  });

  it("names file and line of what it cannot read, and shows none of its text", async () => {
    await put("corpus.jsonl", '{"_id":"a","text":"one"}\n{"_id": secret');
    await expect(corpus()).rejects.toThrow(/Line 2 of .*corpus\.jsonl is not a JSON object/u);
    await expect(corpus()).rejects.not.toThrow(/secret/u);
    await put("corpus.jsonl", '{"_id":7,"text":"one"}');
    await expect(corpus()).rejects.toThrow(/Line 1 .*_id and text/u);
    await rm(join(folder, "corpus.jsonl"));
    await expect(corpus()).rejects.toThrow(/does not exist/u);
  });
});

describe("readBeirQueries", () => {
  it("reads graded judgements and leaves out queries without a relevant document", async () => {
    await put("queries.jsonl", '{"_id":"1","text":"first"}\n{"_id":"2","text":"second"}\n{"_id":"3","text":"third"}');
    await put("qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\ta\t2\n1\tb\t0\n2\ta\t0\n");
    const { queries, relevance } = await readBeirQueries(folder);
    expect(queries).toEqual([{ id: "1", text: "first" }]);
    expect(Object.fromEntries(relevance.get("1") ?? [])).toEqual({ a: 2, b: 0 });
  });

  it("takes another split from its own files, so that tuning cannot see a test query", async () => {
    await put("queries.jsonl", '{"_id":"1","text":"test"}');
    await put("train_queries.jsonl", '{"_id":"9","text":"train"}');
    await put("qrels/train.tsv", "9\ta\t1\n1\ta\t1\n");
    expect((await readBeirQueries(folder, "train")).queries).toEqual([{ id: "9", text: "train" }]);
  });

  it("reads a split without own queries from queries.jsonl", async () => {
    await put("queries.jsonl", '{"_id":"1","text":"dev"}');
    await put("qrels/dev.tsv", "query-id\tcorpus-id\tscore\n1\ta\t1\n");
    expect((await readBeirQueries(folder, "dev")).queries).toHaveLength(1);
  });

  it("says what is wrong with judgements and when the files do not belong together", async () => {
    await put("queries.jsonl", '{"_id":"1","text":"first"}');
    await put("qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\ta\n");
    await expect(readBeirQueries(folder)).rejects.toThrow(/Line 2 .*numeric grade/u);
    await put("qrels/test.tsv", "query-id\tcorpus-id\tscore\n5\ta\t1\n");
    await expect(readBeirQueries(folder)).rejects.toThrow(/belong together/u);
  });
});
