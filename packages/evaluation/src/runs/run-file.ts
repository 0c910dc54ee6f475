import { randomUUID } from "node:crypto";
import { appendFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { canonicalJson, FootnoteError } from "@footnote/core";
import { isRecord } from "../datasets/read-json-lines.ts";
import type { CaseResult } from "../metrics/case-result.ts";
import type { EvalRun } from "./eval-run.ts";
import type { ResultCache, RunHeader, RunRecord } from "./run-evaluation.ts";

/** Runs hold what answers quoted of documents: only their owner may read them. */
const mode = 0o600;

/**
 * A run as JSON Lines: `{type: "run", …header}`, then `{type: "result", …}` as they come, then `{type: "end", results}`. A file that ends early
 * is one that can go on. One that holds another run (other cases, pipeline, documents, judges or commit) is refused.
 */
export function createRunFile(path: string): RunRecord {
  let queue: Promise<void> = Promise.resolve();
  let written = 0;
  const append = (row: unknown) => (queue = queue.then(() => appendFile(path, `${JSON.stringify(row)}\n`)));
  return {
    async open(header) {
      await mkdir(dirname(path), { recursive: true });
      const text = await readIfThere(path);
      if (text === null || text.trim() === "") {
        await writeFile(path, `${JSON.stringify({ type: "run", ...header })}\n`, { mode });
        return { header, finished: [] };
      }
      const known = parseRun(text, path);
      const { results, ...before } = known.run;
      const differing = differences(before, header);
      if (differing.length > 0) {
        throw new FootnoteError("conflict", `${path} holds another run (${differing.join(", ")} differ); name a new file, or remove it.`);
      }
      // What a kill cut off is written anew: an append to half a line would spoil both.
      await writeWhole(path, [{ type: "run", ...before }, ...results.map((result) => ({ type: "result", ...result }))]);
      written = results.length;
      return { header: before, finished: results };
    },
    async add(result) {
      written += 1;
      await append({ type: "result", ...result });
    },
    async close() {
      await append({ type: "end", results: written });
    },
  };
}

/** In what two headers are not of one run that was interrupted. */
function differences(before: RunHeader, now: RunHeader): string[] {
  const names = ["dataset", "pipeline", "pipelineHash", "corpus", "judges", "commit"] as const;
  return names.filter((name) => canonicalJson(before[name] ?? null) !== canonicalJson(now[name] ?? null));
}

/** Reads a finished run. Throws `invalid_request` for one that was interrupted, or for another kind of file. */
export async function readRunFile(path: string): Promise<EvalRun> {
  const text = await readIfThere(path);
  if (text === null) throw new FootnoteError("invalid_request", `${path} does not exist; make it with: footnote eval run --out <file>.`);
  const { run, ended } = parseRun(text, path);
  if (ended) return run;
  throw new FootnoteError("invalid_request", `The run in ${path} was not finished; repeat the command that made it.`);
}

/** Writes a run in the form that `readRunFile` reads. */
export async function writeRunFile(path: string, run: EvalRun): Promise<void> {
  const { results, ...header } = run;
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, [
    { type: "run", ...header },
    ...results.map((result) => ({ type: "result", ...result })),
    { type: "end", results: results.length },
  ]);
}

function parseRun(text: string, path: string): { run: EvalRun; ended: boolean } {
  const wrong = () => new FootnoteError("invalid_request", `${path} is not a run of footnote eval; name another file.`);
  const lines = text.split("\n");
  // Without a line end the last line was cut off in writing.
  lines.pop();
  let header: RunHeader | null = null;
  let ended = false;
  const results = new Map<string, CaseResult>();
  for (const line of lines) {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      throw wrong();
    }
    if (!isRecord(row)) throw wrong();
    const { type, ...rest } = row;
    if (type === "run" && isRunHeader(rest)) header = rest;
    else if (type === "result" && isCaseResult(rest)) results.set(rest.case.id, rest);
    else if (type === "end") ended = rest["results"] === results.size;
  }
  if (header === null) throw wrong();
  return { run: { ...header, results: [...results.values()] }, ended };
}

/** We wrote these files ourselves: only what tells one from another kind of file is looked at. */
function isRunHeader(row: object): row is RunHeader {
  return "id" in row && "dataset" in row && isRecord(row.dataset) && "pipelineHash" in row && "judges" in row && Array.isArray(row.judges);
}
function isCaseResult(row: object): row is CaseResult {
  return "case" in row && isRecord(row.case) && typeof row.case["id"] === "string" && "answer" in row && "metrics" in row;
}

/** Results as one file each in a folder. A file that cannot be read counts as absent. */
export function createResultCache(folder: string): ResultCache {
  const pathOf = (key: string) => join(folder, key.slice(0, 2), `${key}.json`);
  return {
    async get(key) {
      try {
        const row: unknown = JSON.parse(await readFile(pathOf(key), "utf8"));
        return isRecord(row) && isCaseResult(row) ? row : null;
      } catch {
        return null;
      }
    },
    async put(key, result) {
      await mkdir(dirname(pathOf(key)), { recursive: true });
      await writeWhole(pathOf(key), [result]);
    },
  };
}

/** All or nothing, whoever is killed. */
async function writeWhole(path: string, rows: readonly unknown[]): Promise<void> {
  const beside = `${path}.${randomUUID()}.tmp`;
  await writeFile(beside, rows.map((row) => `${JSON.stringify(row)}\n`).join(""), { mode });
  await rename(beside, path);
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    if (error instanceof Error && "code" in error && error.code === "EISDIR") {
      throw new FootnoteError("invalid_request", `${path} is a folder; name a file in it.`, { cause: error });
    }
    throw error;
  }
}
