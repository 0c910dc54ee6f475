import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { AnalyzedText } from "@footnote/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { analyzeWords, createTenantAndCollection, loadChunks } from "./testing/load-chunks.ts";
import { availableEngines, openTestStore, type TestStore } from "./testing/test-store.ts";
import { createWinkIndex } from "./wink-index.ts";
import { testBy } from "./testing/test-by.ts";

const shared = process.env["FOOTNOTE_SHARED"] ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const corpusFile = `${shared}/data/retrieval/cranfield/corpus.jsonl`;
const space = { space: "tiny_8", dimensions: 8, tokenVectors: false };

/** Words by Zipf's law, lengths from 5 to 125. */
function syntheticTexts(count: number): string[] {
  let state = 7;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Array.from({ length: count }, () =>
    Array.from({ length: 5 + Math.floor(random() * 120) }, () => `w${Math.floor(3000 ** random())}`).join(" "),
  );
}

async function corpusTexts(count: number): Promise<string[]> {
  const lines = (await readFile(corpusFile, "utf8")).split("\n").slice(0, count);
  return lines.filter(Boolean).map((line) => {
    const row: unknown = JSON.parse(line);
    return typeof row === "object" && row !== null && "text" in row ? String(row.text) : "";
  });
}

/** Three to eight neighbouring words of every n-th text. */
function makeQueries(texts: readonly string[], count: number): AnalyzedText[] {
  return Array.from({ length: count }, (_, at) => {
    const words = (texts[(at * 37) % texts.length] ?? "").match(/\w+/g) ?? [];
    const from = (at * 13) % Math.max(1, words.length - 8);
    return analyzeWords(words.slice(from, from + 3 + (at % 6)).join(" "));
  });
}

const engines = await availableEngines();

describe.each(engines)("search_lexical against wink on %s", (engine) => {
  let opened: TestStore;
  beforeAll(async () => {
    opened = await openTestStore(engine);
  });
  afterAll(() => opened.close());

  /** Share of queries whose top 10 have wink's scores, place by place, and so wink's chunks but for the order of equals. */
  async function agreement(texts: readonly string[], batches: number): Promise<number> {
    const scope = await createTenantAndCollection(opened.store);
    const analyzed = texts.map((text) => analyzeWords(text));
    const chunkIds = [];
    const size = Math.ceil(texts.length / batches);
    for (let from = 0; from < texts.length; from += size) {
      const chunks = texts.slice(from, from + size).map((text, at) => ({ text, analyzed: analyzed[from + at] ?? analyzeWords(text) }));
      chunkIds.push(...(await loadChunks(opened.store, { ...scope, ...space, externalId: `${from}`, chunks })).chunkIds);
      if (from === size) await opened.store.maintainIndex(scope.tenantId);
    }
    const wink = createWinkIndex({
      ...scope,
      documents: chunkIds.map((chunkId, at) => ({ chunkId, text: analyzed[at] ?? analyzeWords("") })),
    });
    const queries = makeQueries(texts, 100);
    let equal = 0;
    for (const query of queries) {
      const [ours, all] = await Promise.all([
        opened.store.lexical.search({ ...scope, query, limit: 10 }),
        wink.search({ ...scope, query, limit: texts.length }),
      ]);
      const theirs = new Map(all.map(({ chunkId, score }) => [chunkId, score]));
      const near = (a: number, b = Number.NaN) => Math.abs(a - b) <= 1e-6;
      const same = ours.every(({ chunkId, score }, rank) => near(score, all[rank]?.score) && near(score, theirs.get(chunkId)));
      if (same && ours.length === Math.min(10, all.length)) equal += 1;
    }
    return equal / queries.length;
  }

  it("ranks as wink does on synthetic texts, in ten batches and at once", async () => {
    const texts = syntheticTexts(200);
    expect(await agreement(texts, 1)).toBeGreaterThanOrEqual(0.99);
    expect(await agreement(texts, 10)).toBeGreaterThanOrEqual(0.99);
  });

  // Once is enough for a thousand texts: where there is a server, there.
  it.skipIf(!existsSync(corpusFile) || engine !== engines.at(-1))(
    "ranks as wink does on 1,200 abstracts (SKIPPED where ../shared is absent)",
    async () => {
      expect(await agreement(await corpusTexts(1200), 10)).toBeGreaterThanOrEqual(0.99);
    },
  );

  it("finds nothing of an erased document and forgets its terms", async () => {
    const scope = await createTenantAndCollection(opened.store);
    const kept = await loadChunks(opened.store, { ...scope, ...space, externalId: "kept", chunks: [{ text: "common kept" }] });
    const gone = await loadChunks(opened.store, { ...scope, ...space, externalId: "gone", chunks: [{ text: "common gone" }] });
    await opened.store.maintainIndex(scope.tenantId);
    await opened.store.documents.requestDeletion(scope.tenantId, gone.documentId, testBy);
    const find = (words: string) => opened.store.lexical.search({ ...scope, query: analyzeWords(words), limit: 5 });
    expect((await find("common")).map(({ chunkId }) => chunkId)).toEqual(kept.chunkIds);
    await opened.store.documents.erase(scope.tenantId, gone.documentId, testBy);
    const left = await opened.superuser(
      "select term_id, document_frequency as df, cardinality(postings) as n from lexical_terms where tenant_id = $1",
      [scope.tenantId],
    );
    expect(left.map(({ df, n }) => [df, n])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(await find("gone")).toEqual([]);
  });
});
