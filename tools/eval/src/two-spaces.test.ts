import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createChunker } from "@footnote/chunking";
import type { PipelineSpec } from "@footnote/core";
import { createFakeEmbedder } from "@footnote/core/testing";
import { createLocalEmbedder, createOpenAiEmbedder, createProjectedEmbedder } from "@footnote/embedding";
import { createRetriever, pipelines } from "@footnote/retrieval";
import { openStore } from "@footnote/storage";
import { expect, it, onTestFinished } from "vitest";
import { createRowWriter } from "./retrieval.ts";
import { testBy } from "@footnote/storage/testing";

/** A server of an OpenAI-compatible embedding route, with vectors of its own. */
async function startEmbeddingServer(dimensions: number): Promise<{ baseUrl: string; texts: string[] }> {
  const fake = createFakeEmbedder({ dimensions });
  const texts: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { input }: { input: string[] } = JSON.parse(Buffer.concat(parts).toString("utf8"));
      texts.push(...input);
      const answer = async () => {
        const made = await fake.embed({ texts: input, purpose: "passage" });
        const data = made.map(({ vector }, index) => ({ index, embedding: [...vector] }));
        response.setHeader("content-type", "application/json").end(JSON.stringify({ object: "list", data }));
      };
      void answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { baseUrl: `http://127.0.0.1:${port}/v1`, texts };
}

it("keeps one collection in three spaces of one store, and a request picks one by its pipeline", { timeout: 120_000 }, async () => {
  const { baseUrl, texts } = await startEmbeddingServer(48);
  const local = createLocalEmbedder({ threads: 1 });
  const embedders = [
    local,
    createProjectedEmbedder({ embedder: local }),
    createOpenAiEmbedder({ baseUrl, model: "hosted", dimensions: 48 }),
  ];
  const dataDir = await mkdtemp(join(tmpdir(), "footnote-spaces-"));
  const spaces = embedders.map(({ space: { id, dimensions } }) => ({ id, dimensions, tokenVectors: false }));
  const { store } = await openStore({ dataDir, spaces });
  onTestFinished(async () => {
    await store.close();
    await local.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const furtherSpaces = spaces.slice(1).map(({ id }) => id);
  const indexed: PipelineSpec = { ...pipelines.default, index: { ...pipelines.default.index, furtherSpaces } };
  const tenant = await store.routing.createTenant({ name: "spaces", by: testBy });
  const { collection } = await store.collections.put(tenant.id, { name: "both", settings: { pipeline: indexed }, by: testBy });
  const [main, ...furtherEmbedders] = embedders;
  if (!main) throw new Error("no embedder");
  const write = createRowWriter({
    store,
    embedder: main,
    furtherEmbedders,
    tokenVectors: false,
    chunkerFor: createChunker,
    tenantId: tenant.id,
    collectionId: collection.id,
    spec: indexed,
  });
  const rows = ["The boiler is guaranteed for seven years.", "Parking for visitors is behind the building.", "Lunch is served from noon."];
  for (const [at, text] of rows.entries()) await write({ id: `row-${at}`, title: "", text });
  expect(texts).toEqual(rows);

  for (const embedder of embedders) {
    const spec: PipelineSpec = { ...indexed, space: embedder.space.id, candidates: { dense: 10, lexical: 0 } };
    const retriever = createRetriever({ embedderFor: () => embedder, lexical: store.lexical, dense: store.dense, chunks: store.chunks });
    const { hits } = await retriever.search({
      tenantId: tenant.id,
      collectionId: collection.id,
      spec,
      query: "how many years is the boiler guaranteed",
      limit: 3,
    });
    expect([embedder.space.id, hits[0]?.chunk.text, hits.length]).toEqual([embedder.space.id, rows[0], 3]);
    const vectors = await store.vectors.read({
      tenantId: tenant.id,
      space: embedder.space.id,
      chunkIds: hits.map(({ chunk }) => chunk.id),
    });
    expect([...vectors.values()].map((vector) => vector.length)).toEqual(rows.map(() => embedder.space.dimensions));
  }
});
