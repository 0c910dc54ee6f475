import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, sha256 } from "@footnote/core";
import { readCodeVersion } from "./code-version.ts";

/** Hashes of every file that was ever fitted and shipped; a test compares. */
export const fittedList = "tools/checks/fitted-files.sha256";

export interface Fitted {
  /** Without a version: `fusion`. */
  family: string;
  /** The command that fits it, and what it was fitted on. */
  by: string;
  data: readonly string[];
  content: Readonly<Record<string, unknown>>;
}

/**
 * Writes what was fitted as the next version of each family, `<family>@<version>.json`, and lists the hashes. No file is written over: stored
 * pipelines name versions. Where the newest version says the same already, no other is made. Gives the names.
 */
export async function writeFitted(checkout: string, folder: string, fitted: readonly Fitted[]): Promise<string[]> {
  // Before the first file makes it another one.
  const commit = (await readCodeVersion(checkout)) ?? "unknown";
  const names: string[] = [];
  for (const one of fitted) names.push(await writeVersion(checkout, folder, commit, one));
  return names;
}

async function writeVersion(checkout: string, folder: string, commit: string, { family, by, data, content }: Fitted): Promise<string> {
  const newest = await newestVersion(join(checkout, folder), family);
  if (newest > 0 && canonicalJson(await readContent(join(checkout, folder, `${family}@${newest}.json`))) === canonicalJson(content)) {
    return `${family}@${newest}`;
  }
  const name = `${family}@${newest + 1}`;
  const text = `${JSON.stringify({ name, made: { by, commit, data }, ...content }, null, 2)}\n`;
  const path = join(folder, `${name}.json`);
  await writeFile(join(checkout, path), text, { flag: "wx" });
  await appendFile(join(checkout, fittedList), `${sha256(text)}  ${path}\n`);
  return name;
}

/** 0 where there is none. */
async function newestVersion(folder: string, family: string): Promise<number> {
  const versions = (await readdir(folder)).flatMap((file) => {
    const [, name, version] = /^(.+)@(\d+)\.json$/u.exec(file) ?? [];
    return name === family ? [Number(version)] : [];
  });
  return Math.max(0, ...versions);
}

async function readContent(path: string): Promise<Record<string, unknown>> {
  const { name: _name, made: _made, ...content } = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  return content;
}
