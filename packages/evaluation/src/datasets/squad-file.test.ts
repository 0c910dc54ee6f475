import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { locateQuote } from "./locate-quote.ts";
import { readSquad } from "./squad.ts";

const shared = process.env.FOOTNOTE_SHARED ?? join(import.meta.dirname, "../../../../../shared");
const path = join(shared, "data/retrieval/squad-v2/dev-v2.0-half.json");

it.skipIf(!existsSync(path))(
  "reads half of SQuAD 2.0's development set: every answer's quote stands once in its paragraph",
  async () => {
    const { cases, documents } = readSquad(await readFile(path, "utf8"));
    expect([documents.length, cases.length, cases.filter(({ answerable }) => answerable).length]).toEqual([646, 6_078, 2_910]);
    const texts = new Map(documents.map(({ id, text }) => [id, text]));
    const lost = cases
      .flatMap(({ spans }) => spans)
      .filter(({ document, quote }) => locateQuote(texts.get(document) ?? "", quote) === null);
    expect(lost).toEqual([]);
  },
  120_000,
);
