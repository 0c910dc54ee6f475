import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { learnedWeights } from "@footnote/retrieval";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { comparisonNames, comparisonPipeline } from "./comparison-pipelines.ts";
import { fittedSplit, runFitFusion, writeFusion } from "./run-fit-fusion.ts";
import { inCheckout } from "./shared-folder.ts";

let folder = "";
const subjects = ["eviction", "admission", "scheduling", "storage", "logging", "quota"];
const sentence = (subject: string, at: number) =>
  `The ${subject} controller number ${at} waits until every lease of its nodes has run out before it acts on anything.`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-fit-test-"));
  const scifact = join(folder, fittedSplit.folder);
  await mkdir(join(scifact, "qrels"), { recursive: true });
  await writeFile(
    join(scifact, "corpus.jsonl"),
    subjects.map((subject, at) => JSON.stringify({ _id: `${at}`, title: `On ${subject}`, text: sentence(subject, at) })).join("\n"),
  );
  await writeFile(
    join(scifact, "train_queries.jsonl"),
    subjects.map((subject, at) => JSON.stringify({ _id: `t${at}`, text: `${subject} waits for leases` })).join("\n"),
  );
  await writeFile(
    join(scifact, "qrels", "train.tsv"),
    `query-id\tcorpus-id\tscore\n${subjects.map((_, at) => `t${at}\t${at}\t1`).join("\n")}\n`,
  );
  // A folder cannot be read as a file: whoever opens the test questions or their judgements fails.
  await mkdir(join(scifact, "queries.jsonl"));
  await mkdir(join(scifact, "qrels", "test.tsv"));
  await mkdir(join(folder, "corpora"));
  for (const name of ["k8s-enhancements", "eips", "rust-rfcs", "rust-book"]) {
    await mkdir(join(folder, name));
    for (const subject of subjects.slice(0, 2)) {
      const text = [1, 2, 3, 4, 5].map((at) => sentence(subject, at)).join(" ");
      await writeFile(join(folder, name, `${subject}.md`), `# ${name} ${subject}\n\n${text}\n\n## Why ${subject} matters\n\n${text}\n`);
    }
    execFileSync("tar", ["-cJf", join(folder, "corpora", `${name}.tar.xz`), "-C", folder, name]);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("fitting of learned fusion", () => {
  it("fits on train claims and documentation, never opens a test question, and keeps what it collected", async () => {
    const lines: string[] = [];
    const options = {
      dataDir: folder,
      featuresDir: join(folder, "features"),
      cacheDir: join(folder, "cache"),
      l2: 0.1,
      log: (line: string) => lines.push(line),
      signal: new AbortController().signal,
    };
    const fitted = await runFitFusion(options);
    expect(fittedSplit.split).toBe("train");
    expect(fitted.table.map(({ source }) => source)).toEqual(["documentation", "scifact-train"]);
    expect(fitted.table[1]?.queries).toBe(subjects.length);
    expect(fitted.weights.signals).toEqual(["late-interaction"]);
    expect(Object.keys(fitted.weights.weights)).toEqual(expect.arrayContaining(["fused", "late-interaction.weighted"]));
    // What one source decides alone differs from what both decide.
    expect(fitted.withoutScifact.weights).not.toEqual(fitted.weights.weights);
    expect(await readdir(options.featuresDir)).toHaveLength(2);
    // The second time nothing is read but what was kept.
    await rm(join(folder, "corpora"), { recursive: true });
    expect(await runFitFusion(options)).toEqual(fitted);
  }, 120_000);

  it("writes no version of what is shipped already", async () => {
    const checkout = join(folder, "checkout");
    const path = "packages/retrieval/src/fusion/weights";
    await cp(inCheckout(path), join(checkout, path), { recursive: true });
    const [weights, withoutScifact] = ["fusion@1", "fusion-without-scifact@1"].map((name) => {
      const { signals = [], weights: by = {} } = learnedWeights(name) ?? {};
      return { signals, weights: by };
    });
    if (!weights || !withoutScifact) throw new Error("The shipped weights are not there.");
    const written = await writeFusion(checkout, { weights, withoutScifact, table: [] });
    expect(written).toEqual(["fusion@1", "fusion-without-scifact@1"]);
    expect(await readdir(join(checkout, path))).toEqual(await readdir(inCheckout(path)));
  });
});

describe("comparison pipelines", () => {
  it("are all indexed as the default is, and named as they are asked for", () => {
    for (const name of comparisonNames) expect(comparisonPipeline(name)?.name).toBe(name);
    expect(comparisonPipeline("dense")?.candidates.lexical).toBe(0);
    expect(comparisonPipeline("toString")).toBeUndefined();
  });
});
