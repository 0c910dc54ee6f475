import { appendFile, mkdtemp, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Embedder } from "@footnote/core";
import { createFakeEmbedder } from "@footnote/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { withEmbeddingCache } from "./embedding-cache.ts";

let folder = "";
let asked: string[] = [];
const fake = createFakeEmbedder({ id: "cached_8", dimensions: 8 });
const embedder: Embedder = {
  ...fake,
  embed: (request) => {
    asked.push(...request.texts);
    return fake.embed(request);
  },
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-cache-"));
  asked = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function embed(texts: string[], more: { tokenVectors?: boolean; purpose?: "query" | "passage" } = {}) {
  const cached = await withEmbeddingCache(embedder, folder);
  const made = await cached.embed({ texts, purpose: "passage", ...more });
  await cached.close();
  return made;
}

it("gives what the embedder gave, in order, and asks for each text once", async () => {
  const wanted = await fake.embed({ texts: ["b", "a", "b"], purpose: "passage" });
  expect(await embed(["b", "a", "b"])).toEqual(wanted);
  expect(asked).toEqual(["b", "a"]);
  expect(await embed(["a", "c"])).toEqual(await fake.embed({ texts: ["a", "c"], purpose: "passage" }));
  expect(asked).toEqual(["b", "a", "c"]);
  expect((await stat(join(folder, "cached_8.bin"))).mode & 0o777).toBe(0o600);
});

it("keeps queries and passages apart, and asks again for token vectors that it lacks", async () => {
  await embed(["a"]);
  await embed(["a"], { purpose: "query" });
  expect(asked).toEqual(["a", "a"]);
  const [withTokens] = await embed(["a"], { tokenVectors: true });
  expect(withTokens?.tokenVectors).toEqual(new Uint8Array(Buffer.from("a")));
  expect((await embed(["a"], { tokenVectors: true }))[0]?.tokenVectors).toEqual(withTokens?.tokenVectors);
  expect(asked).toEqual(["a", "a", "a"]);
});

it("drops a record that was cut short, and what follows is readable", async () => {
  await embed(["a", "b"]);
  const path = join(folder, "cached_8.bin");
  const { size } = await stat(path);
  await truncate(path, size - 3);
  await embed(["a", "b"]);
  expect(asked).toEqual(["a", "b", "b"]);
  expect((await readFile(path)).length).toBe(size);
  await appendFile(path, "x");
  await embed(["a", "b"]);
  expect(asked).toHaveLength(3);
});
