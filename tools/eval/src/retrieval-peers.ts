import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { chunkDocument, createChunker } from "@footnote/chunking";
import { type Embedder, FootnoteError, indexedInput } from "@footnote/core";
import { readBeirCorpus, readBeirQueries } from "@footnote/evaluation/datasets";
import { type PipelineScores, scoreRun, summarizeRun } from "@footnote/evaluation/reports";
import { pipelines } from "@footnote/retrieval";
import { z } from "zod";
import { preparePython } from "./python-environment.ts";
import { parsedRow } from "./retrieval.ts";

const execute = promisify(execFile);
const depth = 100;

/** The parts of LangChain.js that are used; it is installed on demand and not a dependency of the workspace. */
interface Found {
  metadata: { row: string };
}
interface Retriever {
  invoke(query: string): Promise<Found[]>;
}
interface Document {
  pageContent: string;
  metadata: { row: string };
}
interface Modules {
  MemoryVectorStore: new (embeddings: object) => {
    addVectors(vectors: number[][], documents: Document[]): Promise<unknown>;
    asRetriever(options: { k: number }): Retriever;
  };
  BM25Retriever: { fromDocuments(documents: Document[], options: { k: number }): Retriever };
  EnsembleRetriever: new (options: { retrievers: Retriever[]; weights: number[] }) => Retriever;
}

export interface PeersOptions {
  folder: string;
  embedder: Embedder;
  /** Where LangChain.js is, or is installed: tools/bench/peers. */
  peersDir: string;
  /** A virtual environment for bm25s, made when it is not there. */
  pythonDir: string;
  log(line: string): void;
  signal: AbortSignal;
}

/** nDCG and recall of other people's retrieval on the test split: bm25s over whole rows, LangChain.js's ensemble over our chunks and our vectors. */
export async function evaluatePeers(options: PeersOptions): Promise<PipelineScores[]> {
  const { folder, embedder, log, signal } = options;
  const { queries, relevance } = await readBeirQueries(folder);
  const spec = pipelines.default.index;
  const chunker = createChunker(spec.chunker.strategy);
  const rows: { id: string; text: string }[] = [];
  const documents: Document[] = [];
  const vectors: number[][] = [];
  for await (const row of readBeirCorpus(folder)) {
    const parsed = parsedRow(row, spec.analyzer.language);
    if (!parsed) continue;
    rows.push({ id: row.id, text: `${row.title}\n${row.text}` });
    const drafts = await chunkDocument({ chunker, request: { document: parsed, spec: spec.chunker }, embedder, signal });
    const inputs = drafts.map((draft) =>
      indexedInput({ title: parsed.title, headingPath: draft.headingPath, opening: null, context: spec.context, text: draft.text }),
    );
    const embeddings = await embedder.embed({ texts: inputs, purpose: "passage", signal });
    for (const [at, input] of inputs.entries()) {
      documents.push({ pageContent: input, metadata: { row: row.id } });
      vectors.push([...(embeddings[at]?.vector ?? [])]);
    }
  }
  const asked = await embedder.embed({ texts: queries.map((query) => query.text), purpose: "query", signal });
  const vectorOf = new Map(queries.map((query, at) => [query.text, [...(asked[at]?.vector ?? [])]]));
  log(`${basename(folder)}: ${rows.length} rows, ${documents.length} chunks`);

  const rankings = await rankWithBm25s({ ...options, texts: rows.map((row) => row.text), queries: queries.map((query) => query.text) });
  const bm25s = queries.map(({ id }, at) => ({ queryId: id, ranking: (rankings[at] ?? []).map((row) => rows[row]?.id ?? "") }));

  const modules = await importLangchain(options);
  const store = new modules.MemoryVectorStore({
    embedQuery: async (query: string) => vectorOf.get(query) ?? [],
    embedDocuments: async () => [],
  });
  await store.addVectors(vectors, documents);
  const lexical = modules.BM25Retriever.fromDocuments(documents, { k: depth });
  const ensemble = new modules.EnsembleRetriever({ retrievers: [store.asRetriever({ k: depth }), lexical], weights: [0.5, 0.5] });
  const langchain: { queryId: string; ranking: string[] }[] = [];
  for (const query of queries) {
    signal.throwIfAborted();
    const found = await ensemble.invoke(query.text);
    langchain.push({ queryId: query.id, ranking: [...new Set(found.map(({ metadata }) => metadata.row))] });
  }
  return [
    summarizeRun({ pipeline: "bm25s over rows", perQuery: scoreRun(bm25s, relevance), degradedQueries: 0 }),
    summarizeRun({ pipeline: "LangChain.js ensemble", perQuery: scoreRun(langchain, relevance), degradedQueries: 0 }),
  ];
}

async function rankWithBm25s(options: PeersOptions & { texts: string[]; queries: string[] }): Promise<number[][]> {
  const { pythonDir, texts, queries, log, signal } = options;
  const prepared = await preparePython({ name: "bm25s", folder: pythonDir, log, signal });
  if (!prepared.ok) throw new FootnoteError("configuration_invalid", `There is no bm25s to compare with: ${prepared.reason}`);
  const script = fileURLToPath(new URL("./bm25s-ranking.py", import.meta.url));
  const child = spawn(prepared.python, [script], { stdio: ["pipe", "pipe", "inherit"], signal });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  child.stdin.end(JSON.stringify({ texts, queries }));
  const output = await text(child.stdout);
  const status = await ended;
  if (status !== 0) throw new FootnoteError("configuration_invalid", `bm25s ended with status ${status}; see its message above.`);
  return z.array(z.array(z.int())).parse(JSON.parse(output));
}

async function importLangchain({ peersDir, log, signal }: PeersOptions): Promise<Modules> {
  if (!existsSync(join(peersDir, "node_modules"))) {
    log(`Installing LangChain.js into ${peersDir}…`);
    await execute("npm", ["ci", "--no-audit", "--no-fund", "--legacy-peer-deps"], { cwd: peersDir, timeout: 300_000, signal });
  }
  const require = createRequire(join(peersDir, "package.json"));
  const load = async (specifier: string): Promise<object> => import(pathToFileURL(require.resolve(specifier)).href);
  return Object.assign(
    {},
    await load("@langchain/classic/vectorstores/memory"),
    await load("@langchain/community/retrievers/bm25"),
    await load("@langchain/classic/retrievers/ensemble"),
  ) as unknown as Modules;
}
