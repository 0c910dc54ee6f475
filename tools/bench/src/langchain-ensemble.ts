import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";

const peers = join(import.meta.dirname, "../peers");

/** The parts of LangChain.js that are used; it is installed on demand and not a dependency of the workspace. */
interface VectorStore {
  addVectors(vectors: number[][], documents: { pageContent: string; metadata: object }[]): Promise<void>;
  createHnswIndex(options: { dimensions: number }): Promise<void>;
  asRetriever(options: { k: number }): Retriever;
  end(): Promise<void>;
}
interface Retriever {
  invoke(query: string): Promise<{ pageContent: string }[]>;
}
interface Modules {
  PGVectorStore: { initialize(embeddings: object, config: object): Promise<VectorStore> };
  BM25Retriever: { fromDocuments(documents: object[], options: { k: number }): Retriever };
  EnsembleRetriever: new (options: { retrievers: Retriever[]; weights: number[] }) => Retriever;
}

async function importPeer(specifier: string): Promise<object> {
  const resolved = createRequire(join(peers, "package.json")).resolve(specifier);
  return import(pathToFileURL(resolved).href);
}

/** LangChain.js's ensemble of PGVectorStore (with its HNSW index) and BM25Retriever over the same texts, vectors and query vectors. */
export async function createLangchainEnsemble(options: {
  connectionString: string;
  texts: readonly string[];
  vectors: readonly Float32Array[];
  queryVector: (query: string) => Float32Array;
  k: number;
}): Promise<{ ensemble: (query: string) => Promise<unknown>; bm25: (query: string) => Promise<unknown>; close: () => Promise<void> }> {
  if (!existsSync(join(peers, "node_modules"))) {
    execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--legacy-peer-deps"], { cwd: peers, stdio: "inherit", timeout: 300_000 });
  }
  const modules = Object.assign(
    {},
    await importPeer("@langchain/community/vectorstores/pgvector"),
    await importPeer("@langchain/community/retrievers/bm25"),
    await importPeer("@langchain/classic/retrievers/ensemble"),
  ) as unknown as Modules;
  const { texts, vectors, queryVector, k } = options;
  const embeddings = { embedQuery: async (query: string) => [...queryVector(query)], embedDocuments: async () => [] };
  const store = await modules.PGVectorStore.initialize(embeddings, {
    postgresConnectionOptions: { connectionString: options.connectionString },
    tableName: "langchain_bench",
    dimensions: vectors[0]?.length,
    distanceStrategy: "cosine",
  });
  const documents = texts.map((pageContent) => ({ pageContent, metadata: {} }));
  for (let from = 0; from < texts.length; from += 500) {
    await store.addVectors(
      vectors.slice(from, from + 500).map((vector) => [...vector]),
      documents.slice(from, from + 500),
    );
  }
  await store.createHnswIndex({ dimensions: vectors[0]?.length ?? 0 });
  const bm25 = modules.BM25Retriever.fromDocuments(documents, { k });
  const ensemble = new modules.EnsembleRetriever({ retrievers: [store.asRetriever({ k }), bm25], weights: [0.5, 0.5] });
  return { ensemble: (query) => ensemble.invoke(query), bm25: (query) => bm25.invoke(query), close: () => store.end() };
}
