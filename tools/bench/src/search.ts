import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Embedder } from "@footnote/core";
import { createAnalyzer, createRetriever, pipelines } from "@footnote/retrieval";
import { availableEngines, openTestStore, type Engine } from "@footnote/storage/testing";
import createWink from "wink-bm25-text-search";
import pg from "pg";
import { cacheFolder, makeQueries, makeVectors, readBenchTexts } from "./bench-corpus.ts";
import { createLangchainEnsemble } from "./langchain-ensemble.ts";
import { loadTenant, type Loaded } from "./load-store.ts";
import { compare, type Comparison, type Side } from "./measure.ts";

const dimensions = 384;
const space = "bench_384";
const queryCount = 200;
const k = 10;
const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index % items.length];
  if (item === undefined) throw new Error("there is nothing to measure with");
  return item;
};

/** Query vectors are made beforehand on every side: what is measured is the search. */
function lookupEmbedder(vectors: ReadonlyMap<string, Float32Array>): Embedder {
  return {
    space: { id: space, dimensions, description: "vectors made beforehand" },
    capabilities: { maxTokens: 256, deterministic: true, tokenVectors: false, batchSize: 16, languages: ["en"] },
    embed: async ({ texts }) => texts.map((text) => ({ vector: vectors.get(text) ?? new Float32Array(dimensions), tokenCount: 8 })),
    countTokens: (text) => text.split(" ").length,
    close: async () => {},
  };
}

function winkEngine(texts: readonly string[], analyze: (text: string) => string[]): (query: string) => unknown {
  const engine = createWink();
  engine.defineConfig({ fldWeights: { text: 1 }, bm25Params: { k1: 1.2, b: 0.75, k: 1 } });
  engine.definePrepTasks([analyze]);
  for (const [index, text] of texts.entries()) engine.addDoc({ text }, String(index));
  engine.consolidate(9);
  return (query) => engine.search(query, k);
}

/** Lexical and hybrid search at `chunks` chunks, in one tenant and spread over twenty, on every engine that is here. */
export async function benchSearch(options: { seconds: number; chunks: number; log: (line: string) => void }): Promise<void> {
  const { seconds, chunks, log } = options;
  const texts = readBenchTexts(chunks);
  if (!texts) {
    log("bench search: skipped, the corpora of the shared folder are absent (FOOTNOTE_SHARED)");
    return;
  }
  const queries = makeQueries(texts, queryCount);
  const vectors = makeVectors(texts.length, dimensions, 1);
  const queryVectors = makeVectors(queries.length, dimensions, 2);
  const byQuery = new Map(queries.map((query, index) => [query, at(queryVectors, index)]));
  const analyzer = createAnalyzer({ language: "en" });
  const terms = (text: string) => analyzer.terms(text).map(({ term }) => term);
  const analyzed = queries.map((query) => analyzer.analyze(query));
  log(
    `search: ${texts.length} chunks of about 800 characters, ${queries.length} queries, top ${k}, query analysis and embedding outside\n`,
  );

  const wink = winkEngine(texts, terms);
  const winkSide: Side = { name: "wink", run: (index) => wink(at(queries, index)) };
  for (const engine of await availableEngines()) {
    for (const tenants of [1, 20]) {
      const opened = await openTestStore(engine, { spaces: [{ id: space, dimensions, tokenVectors: false }] });
      try {
        const began = performance.now();
        const loaded: Loaded[] = [];
        const share = Math.ceil(texts.length / tenants);
        for (let index = 0; index < tenants; index++) {
          const [from, to] = [index * share, (index + 1) * share];
          loaded.push(
            await loadTenant(opened.store, {
              name: `bench ${index}`,
              texts: texts.slice(from, to),
              vectors: vectors.slice(from, to),
              embedder: lookupEmbedder(byQuery),
            }),
          );
        }
        if (engine === "postgres") await buildHnsw(opened.superuser);
        log(`${engine}, ${tenants} tenant${tenants > 1 ? "s" : ""}: loaded in ${((performance.now() - began) / 1000).toFixed(0)} s`);

        const lexical = (name: string, concurrency = 1): Side => ({
          name,
          concurrency,
          run: (index) => opened.store.lexical.search({ ...at(loaded, index), query: at(analyzed, index), limit: k }),
        });
        // wink holds its one thread, so more than one of its queries at once changes nothing; a server has other cores.
        const sides = [lexical("footnote"), winkSide, lexical("footnote again")];
        if (engine === "postgres") sides.push(lexical("footnote, 4 in flight", 4));
        const ours = await compare(sides, { seconds });
        report(
          log,
          "lexical",
          ours,
          sides.map((side) => side.name),
        );
        goal(log, "lexical against wink, one query in flight", ours.ratio("footnote", "wink"), {
          engine,
          tenants,
          postgres: 5,
          pglite: 2.5,
        });
        if (engine === "postgres")
          log(`  lexical against wink, 4 queries in flight: ${ours.ratio("footnote, 4 in flight", "wink").toFixed(1)}×`);
        log(`  A/A control: ${ours.ratio("footnote again", "footnote").toFixed(2)}`);
        await hybrid({ engine, tenants, opened, loaded, texts, vectors, queries, queryVectors, byQuery, analyzed, seconds, log });
      } finally {
        await opened.close();
      }
    }
  }
  pythonPeers({ texts, queries, seconds, log });
}

type Opened = Awaited<ReturnType<typeof openTestStore>>;

async function hybrid(options: {
  engine: Engine;
  tenants: number;
  opened: Opened;
  loaded: readonly Loaded[];
  texts: readonly string[];
  vectors: readonly Float32Array[];
  queries: readonly string[];
  queryVectors: readonly Float32Array[];
  byQuery: ReadonlyMap<string, Float32Array>;
  analyzed: readonly { termIds: number[]; frequencies: number[] }[];
  seconds: number;
  log: (line: string) => void;
}): Promise<void> {
  const { engine, tenants, opened, loaded, texts, vectors, queries, queryVectors, byQuery, analyzed, seconds, log } = options;
  const { store } = opened;
  const spec = { ...pipelines.default, index: { ...pipelines.default.index, space }, reranker: { type: "none" } as const };
  const retriever = createRetriever({
    embedderFor: () => lookupEmbedder(byQuery),
    lexical: store.lexical,
    dense: store.dense,
    chunks: store.chunks,
  });
  const search = (name: string): Side => ({
    name,
    run: async (index) => {
      const result = await retriever.search({ ...at(loaded, index), spec, query: at(queries, index), limit: k });
      if (result.degraded.length > 0) throw new Error(`a degraded search is not measured: ${result.degraded[0]?.reason}`);
    },
  });
  const sides = [search("footnote"), search("footnote again")];
  const closing: (() => Promise<void>)[] = [];
  if (opened.database) {
    const clients = await Promise.all([1, 2].map(() => connect(opened.database?.databaseUrl ?? "")));
    const bare = (index: number, client: pg.Client, text: string, values: unknown[]) =>
      client
        .query(`begin; select set_config('footnote.tenant', '${at(loaded, index).tenantId}', true)`)
        .then(() => client.query({ text, values }))
        .then(() => client.query("commit"));
    const { dense: denseCount, lexical: lexicalCount } = spec.candidates;
    sides.push({
      name: "bare SQL of both legs",
      run: (index) =>
        Promise.all([
          bare(index, at(clients, 0), "select * from search_lexical($1, $2::integer[], $3::integer[], $4, null, '{}', '{}')", [
            at(loaded, index).collectionId,
            at(analyzed, index).termIds,
            at(analyzed, index).frequencies,
            lexicalCount,
          ]),
          bare(index, at(clients, 1), "select * from search_dense($1, $2, $3, $4, null, '{}', '{}', 5000)", [
            space,
            at(loaded, index).collectionId,
            `[${at(queryVectors, index).join(",")}]`,
            denseCount,
          ]),
        ]),
    });
    closing.push(...clients.map((client) => () => client.end()));
    if (tenants === 1) {
      const ensemble = await createLangchainEnsemble({
        connectionString: opened.database.superuserUrl,
        texts,
        vectors,
        queryVector: (query) => byQuery.get(query) ?? new Float32Array(dimensions),
        k,
      });
      sides.push({ name: "LangChain.js ensemble", run: (index) => ensemble.ensemble(at(queries, index)) });
      closing.push(ensemble.close);
    }
  }
  const result = await compare(sides, { seconds });
  report(
    log,
    "hybrid",
    result,
    sides.map((side) => side.name),
  );
  if (result.perSecond.has("LangChain.js ensemble")) {
    goal(log, "hybrid against the LangChain.js ensemble", result.ratio("footnote", "LangChain.js ensemble"), {
      engine,
      tenants,
      postgres: 30,
    });
  }
  if (result.perSecond.has("bare SQL of both legs")) {
    log(`  time against bare SQL of both legs: ${result.ratio("bare SQL of both legs", "footnote").toFixed(2)}× (goal ≤ 1.5×)`);
  }
  log(`  A/A control: ${result.ratio("footnote again", "footnote").toFixed(2)}\n`);
  for (const close of closing) await close();
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

/** What the maintenance job does on a server once a space has grown. */
async function buildHnsw(superuser: Opened["superuser"]): Promise<void> {
  const rows = await superuser("select 1 from pg_indexes where tablename = $1 and indexdef like '%hnsw%'", [`dense_${space}`]);
  if (rows.length === 0) await superuser(`create index on dense_${space} using hnsw (vector halfvec_cosine_ops)`);
  await superuser("vacuum analyze");
}

function report(log: (line: string) => void, what: string, result: Comparison, names: readonly string[]): void {
  log(`  ${what}: ${names.map((name) => `${name} ${(result.perSecond.get(name) ?? 0).toFixed(1)}/s`).join(", ")}`);
}

function goal(
  log: (line: string) => void,
  what: string,
  ratio: number,
  goals: { engine: Engine; tenants: number; postgres?: number; pglite?: number },
): void {
  const wanted = goals[goals.engine];
  log(`  ${what}: ${ratio.toFixed(1)}×${wanted === undefined ? "" : ` (goal ≥ ${wanted}×)`}`);
}

/** bm25s and hnswlib, for orientation: in memory, one process, no tenants, no transactions. */
function pythonPeers(options: {
  texts: readonly string[];
  queries: readonly string[];
  seconds: number;
  log: (line: string) => void;
}): void {
  const { texts, queries, seconds, log } = options;
  const venv = join(cacheFolder, "bench-venv");
  const python = join(venv, "bin/python");
  try {
    if (!existsSync(python)) {
      execFileSync("python3", ["-m", "venv", venv], { timeout: 120_000 });
      execFileSync(python, ["-m", "pip", "install", "-q", "bm25s==0.3.16", "hnswlib==0.8.0", "numpy"], { timeout: 300_000 });
    }
    const input = join(cacheFolder, "bench-input.json");
    writeFileSync(input, JSON.stringify({ texts, queries, dimensions, seconds }));
    log(execFileSync(python, [join(import.meta.dirname, "python-peers.py"), input], { encoding: "utf8", timeout: 300_000 }).trimEnd());
  } catch (error) {
    log(`bm25s + hnswlib: not measured, ${error instanceof Error ? error.message.split("\n")[0] : "unknown error"}`);
  }
}
