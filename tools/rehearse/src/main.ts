import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { appendFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { z } from "zod";
import { wholeNumber } from "@footnote/terminal";
import { killIngest } from "./kill-ingest.ts";
import { propertyTests, tryProperties } from "./properties.ts";
import { remaining, runEval } from "./run-eval.ts";

const root = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

/** Writes what was seen below the others, with the commit and the machine. */
async function record(name: string, result: string): Promise<void> {
  const { stdout: commit } = await run("git", ["rev-parse", "--short", "HEAD"], { cwd: root });
  const { stdout: changes } = await run("git", ["status", "--porcelain", "--untracked-files=no"], { cwd: root });
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  const date = new Date().toISOString().slice(0, 16).replace("T", " ");
  const line = `| ${date} | ${name} | ${commit.trim()}${changes.trim() ? "+" : ""} | ${machine} | ${result} |\n`;
  await appendFile(join(root, "docs/rehearsals.md"), line);
  console.log(line.trim());
}

async function corpus(name: string, limit: number): Promise<{ externalId: string; content: string; mediaType: string }[]> {
  const archive = join(process.env.FOOTNOTE_SHARED ?? join(root, "../shared"), "data/corpora", `${name}.tar.xz`);
  const folder = await mkdtemp(join(tmpdir(), "footnote-corpus-"));
  try {
    await run("tar", ["-xJf", archive, "-C", folder]);
    const names = (await readdir(folder, { recursive: true })).filter((file) => /\.(rst|md|txt)$/u.test(file)).sort();
    return await Promise.all(
      names.slice(0, limit).map(async (file) => ({
        externalId: file,
        content: await readFile(join(folder, file), "utf8"),
        mediaType: file.endsWith(".md") ? "text/markdown" : file.endsWith(".rst") ? "text/x-rst" : "text/plain",
      })),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const log = (line: string) => console.error(line);
const program = new Command("rehearse").description(
  "full counts of what the tests run reduced; each result is added to docs/rehearsals.md",
);

program
  .command("kill-ingest")
  .description("kill the server again and again while documents go in; the chunks must be those of an undisturbed run")
  .option("--kills <number>", "kills", wholeNumber(), 50)
  .option("--documents <number>", "documents", wholeNumber(), 150)
  .action(async (options: { kills: number; documents: number }) => {
    const documents = await corpus("peps", options.documents);
    const report = await killIngest({
      documents,
      kills: options.kills,
      aliveMs: { least: 200, most: 6000 },
      log,
    });
    for (const problem of report.problems) console.error(problem);
    const { kills, chunks, reads, wholeReads, seconds, problems } = report;
    await record(
      "kill-ingest",
      `${kills} kills over ${documents.length} documents, ${chunks} chunks, ${reads} reads (${wholeReads} of a live version), ${seconds} s: ${problems.length === 0 ? "same chunks" : `${problems.length} problems`}`,
    );
    process.exitCode = problems.length === 0 ? 0 : 1;
  });

program
  .command("false-alarms")
  .description("how often the gate alarms on runs that are alike")
  .option("--trials <number>", "comparisons", wholeNumber(), 1000)
  .action(async (options: { trials: number }) => {
    const { results, status } = await runEval(["false-alarms", "--trials", String(options.trials)], log);
    const found = z
      .object({ trials: z.number(), alarms: z.number(), share: z.number(), low: z.number(), high: z.number(), differing: z.number() })
      .parse(results.at(-1));
    const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
    await record(
      "false-alarms",
      `${found.alarms} alarms in ${found.trials} comparisons of runs that are alike: ${percent(found.share)} [${percent(found.low)}, ${percent(found.high)}]; ${found.differing} questions differ`,
    );
    process.exitCode = status;
  });

program
  .command("power")
  .description("how often the gate finds a loss of 2, 5 and 10 points")
  .option("--trials <number>", "changes for each metric and loss", wholeNumber(), 200)
  .action(async (options: { trials: number }) => {
    const { results, status } = await runEval(["power", "--trials", String(options.trials)], log);
    const rows = z.array(z.array(z.object({ metric: z.string(), loss: z.number(), share: z.number() })).min(1)).parse(results);
    const byMetric = Map.groupBy(
      rows.flatMap(([lost]) => (lost ? [lost] : [])),
      ({ metric }) => metric,
    );
    const shown = [...byMetric].map(([metric, found]) => `${metric} ${found.map(({ share }) => (share * 100).toFixed(0)).join("/")}`);
    await record("power", `found in % of ${options.trials} changes at −2/−5/−10 points, single questions lost: ${shown.join(", ")}`);
    process.exitCode = status;
  });

program
  .command("injected-faults")
  .description("whether the gate finds every injected fault, each through the whole program")
  .action(async () => {
    const { results, status } = await runEval(["gate", "--matrix"], log);
    const rows = z.array(z.object({ name: z.string(), caught: z.boolean(), regressions: z.number(), floors: z.number() })).parse(results);
    const found = rows.filter(({ caught }) => caught).length;
    const shown = rows.map(({ name, caught, regressions, floors }) => `${name} ${caught ? `${regressions}+${floors}` : "MISSED"}`);
    await record("injected-faults", `${found} of ${rows.length} injected faults found (regressions + floors): ${shown.join(", ")}`);
    process.exitCode = status;
  });

program
  .command("properties")
  .description("the property tests again and again, each time with cases that were not tried before")
  .option("--rounds <number>", "rounds", wholeNumber(), 20)
  .action(async (options: { rounds: number }) => {
    const files = await propertyTests();
    const began = Date.now();
    const failed: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      if (round > 0)
        log(`${round}/${options.rounds}, about ${remaining({ elapsedMs: Date.now() - began, done: round, total: options.rounds })} left`);
      const seed = randomInt(1, 2 ** 31 - 1);
      const { held, output } = await tryProperties(files, seed);
      if (held) continue;
      failed.push(seed);
      log(output);
    }
    const shown = failed.length === 0 ? "all held" : `failed with FOOTNOTE_PROPERTY_SEED ${failed.join(", ")}`;
    await record("properties", `${options.rounds} rounds over ${files.length} files: ${shown}`);
    process.exitCode = failed.length === 0 ? 0 : 1;
  });

// Commander's own exit status for wrong usage is 1, which here means that a rehearsal found something.
for (const command of [program, ...program.commands]) command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
await program.parseAsync();
