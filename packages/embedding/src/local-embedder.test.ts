import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { embedderContract } from "@footnote/core/testing";
import { env, pipeline } from "@xenova/transformers";
import { afterAll, describe, expect, it } from "vitest";
import { bundledModelDir } from "./bundled-model.ts";
import { createLocalEmbedder } from "./local-embedder.ts";

// One model for all: its start takes longest.
const shared = createLocalEmbedder({ threads: 2 });
afterAll(() => shared.close());
embedderContract("local", { create: () => ({ ...shared, close: async () => {} }) });

const similarity = (left: Float32Array | undefined, right: Float32Array | undefined) =>
  (left ?? new Float32Array()).reduce((sum, value, at) => sum + value * (right?.[at] ?? 0), 0);

describe("local embedder", () => {
  const embedder = shared;

  it("agrees with the library's own tokenizer, pooling and normalisation", async () => {
    const texts = ["Staff get 25 days of leave.", "Café, 東京 & naïve tests: (a) 3.14!", "word ".repeat(254), "word ".repeat(400)];
    env.allowRemoteModels = false;
    env.localModelPath = dirname(bundledModelDir);
    const extract = await pipeline("feature-extraction", basename(bundledModelDir), { dtype: "q8", device: "cpu" });
    const embeddings = await embedder.embed({ texts, purpose: "passage" });
    // The library drops the last special token when it cuts; ours keeps it, as the model was trained.
    expect(embeddings[3]?.vector).toEqual(embeddings[2]?.vector);
    for (const [at, text] of texts.slice(0, 3).entries()) {
      const output = await extract(text, { pooling: "mean", normalize: true });
      expect(similarity(embeddings[at]?.vector, Float32Array.from(output.data as Float32Array))).toBeGreaterThan(0.99999);
    }
    expect(embeddings.map(({ tokenCount }) => tokenCount)).toEqual([...texts.slice(0, 3).map((text) => embedder.countTokens(text)), 254]);
    await extract.dispose();
  });

  it("puts what is meant alike close together", async () => {
    const [query, right, wrong] = (
      await embedder.embed({
        texts: ["How many days of leave do I get?", "Employees have 25 days of annual leave.", "Invoices are due in 30 days."],
        purpose: "query",
      })
    ).map(({ vector }) => vector);
    expect(similarity(query, right)).toBeGreaterThan(similarity(query, wrong) + 0.2);
  });

  it("answers a query before passages that wait", async () => {
    const order: string[] = [];
    const texts = Array.from({ length: 60 }, (_, at) => `passage ${at} ${"word ".repeat(60)}`);
    const passages = embedder.embed({ texts, purpose: "passage" }).then(() => order.push("passages"));
    const query = embedder.embed({ texts: ["a question"], purpose: "query" }).then(() => order.push("query"));
    await Promise.all([passages, query]);
    expect(order).toEqual(["query", "passages"]);
  });

  it("forgets the waiting texts of a cancelled call at once", async () => {
    const controller = new AbortController();
    const call = embedder.embed({
      texts: Array.from({ length: 500 }, () => "word ".repeat(200)),
      purpose: "passage",
      signal: controller.signal,
    });
    expect(embedder.status().waiting).toBeGreaterThan(400);
    controller.abort();
    expect(embedder.status().waiting).toBe(0);
    await expect(call).rejects.toMatchObject({ code: "cancelled" });
  });

  it("gives projected query tokens of length 1", async () => {
    const { dimensions, count, values } = await embedder.embedQueryTokens({ query: "how many days" });
    expect([dimensions, count, values.length]).toEqual([128, 3, 384]);
    for (let row = 0; row < count; row++) expect(Math.hypot(...values.subarray(row * 128, (row + 1) * 128))).toBeCloseTo(1, 5);
    expect(await embedder.embedQueryTokens({ query: "" })).toMatchObject({ count: 0 });
  });

  it("lets a process end in the middle of an inference", () => {
    const script = `
      import { createLocalEmbedder } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
      const embedder = createLocalEmbedder({ threads: 1 });
      await embedder.embed({ texts: ["a"], purpose: "query" });
      embedder.embed({ texts: Array.from({ length: 50 }, () => "word ".repeat(250)), purpose: "passage" });
      setTimeout(() => process.exit(7), 5);`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 7, stderr: "" });
  });

  it("lets a process end that forgets to close, and one that closes", () => {
    for (const end of ["", "await embedder.close();"]) {
      const script = `
        import { createLocalEmbedder } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
        const embedder = createLocalEmbedder({ threads: 1 });
        await embedder.embed({ texts: ["a"], purpose: "query" });
        ${end}`;
      const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
        encoding: "utf8",
        timeout: 50_000,
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    }
  });

  it("refuses a folder without a model, and says so when used", async () => {
    const folder = mkdtempSync(join(tmpdir(), "footnote-"));
    expect(() => createLocalEmbedder({ modelDir: folder })).toThrow(expect.objectContaining({ code: "configuration_invalid" }));
    rmSync(folder, { recursive: true });
    const broken = createLocalEmbedder({ dtype: "fp32", threads: 1 });
    await expect(broken.embed({ texts: ["a"], purpose: "query" })).rejects.toMatchObject({ code: "embedding_failed" });
    await broken.close();
  });

  it("replaces workers after their share of texts, with the same vectors", async () => {
    const recycled = createLocalEmbedder({ threads: 1, recycleAfter: 2 });
    const texts = ["a", "b", "c", "d", "e"];
    const vectors = (await recycled.embed({ texts, purpose: "passage" })).map(({ vector }) => vector);
    expect(recycled.status().started).toBe(3);
    expect(vectors).toEqual((await embedder.embed({ texts, purpose: "passage" })).map(({ vector }) => vector));
    await recycled.close();
  });
});
