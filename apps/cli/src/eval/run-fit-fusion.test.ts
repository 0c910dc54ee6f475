import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { comparisonNames, comparisonPipeline } from "./comparison-pipelines.ts";
import { fittedSplit, formatWeights, runFitFusion } from "./run-fit-fusion.ts";

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

  it("writes the shipped files as the formatter leaves them, up to line breaks", async () => {
    const path = new URL("../../../../packages/retrieval/src/fusion/weights/fusion-1.ts", import.meta.url);
    const shipped = await readFile(path, "utf8");
    const { fusion1 } = (await import(path.href)) as { fusion1: Parameters<typeof formatWeights>[0] };
    const flat = (text: string) => text.replaceAll(/["',\s]/gu, "");
    expect(flat(shipped)).toBe(flat(formatWeights(fusion1)));
  });
});

describe("comparison pipelines", () => {
  it("are all indexed as the default is, and named as they are asked for", () => {
    for (const name of comparisonNames) expect(comparisonPipeline(name)?.name).toBe(name);
    expect(comparisonPipeline("dense")?.candidates.lexical).toBe(0);
    expect(comparisonPipeline("toString")).toBeUndefined();
  });
});
