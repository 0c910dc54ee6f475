import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { killIngest } from "./kill-ingest.ts";

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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: "string", default: "50" }, documents: { type: "string", default: "150" } },
});
switch (positionals[0]) {
  case "kill-ingest": {
    const documents = await corpus("peps", Number(values.documents));
    const report = await killIngest({
      documents,
      kills: Number(values.kills),
      aliveMs: { least: 200, most: 6000 },
      log: (line) => console.error(line),
    });
    for (const problem of report.problems) console.error(problem);
    const { kills, chunks, reads, wholeReads, seconds, problems } = report;
    await record(
      "kill-ingest",
      `${kills} kills over ${documents.length} documents, ${chunks} chunks, ${reads} reads (${wholeReads} of a live version), ${seconds} s: ${problems.length === 0 ? "same chunks" : `${problems.length} problems`}`,
    );
    process.exitCode = problems.length === 0 ? 0 : 1;
    break;
  }
  default:
    console.error("Usage: pnpm rehearse kill-ingest [--kills 50] [--documents 150]");
    process.exitCode = 2;
}
