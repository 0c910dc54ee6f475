import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { sha256 } from "@footnote/core";

const execute = promisify(execFile);
/** What takes part in an answer and its evaluation. */
const sources = ["packages", "apps", "tools/eval", "evals", "examples/handbook", "pnpm-lock.yaml"];

/**
 * The commit of a checkout, with a hash of what was changed since: `1a2b3c…` or `1a2b3c…+9f8e7d6c`. Null outside a checkout. Two equal
 * ones are equal code.
 */
export async function readCodeVersion(checkout: string): Promise<string | null> {
  const git = async (...args: string[]) => (await execute("git", args, { cwd: checkout, maxBuffer: 2 ** 28, timeout: 30_000 })).stdout;
  try {
    const commit = (await git("rev-parse", "HEAD")).trim();
    const changes = await git("diff", "HEAD", "--binary", "--", ...sources);
    const untracked = (await git("ls-files", "-z", "--others", "--exclude-standard", "--", ...sources)).split("\0").filter(Boolean);
    if (changes === "" && untracked.length === 0) return commit;
    const files = await Promise.all(untracked.map(async (path) => `${path} ${sha256(await readFile(join(checkout, path)))}`));
    return `${commit}+${sha256([changes, ...files].join("\n")).slice(0, 8)}`;
  } catch {
    return null;
  }
}
