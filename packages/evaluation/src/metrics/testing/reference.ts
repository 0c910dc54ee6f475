import { execFile, spawn } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { sha256 } from "@footnote/core";

const execute = promisify(execFile);
const peers = fileURLToPath(new URL("../../../peers/", import.meta.url));
const cache = fileURLToPath(new URL("../../../../../.cache/", import.meta.url));

/** Asks peers/reference.py: one result per call, in order. */
export type Reference = (calls: readonly object[]) => Promise<unknown[]>;

/**
 * ranx, NumPy and SciPy as locked in peers/requirements.txt, installed under .cache when they are not there (about a minute). Null, with a
 * warning, where there is no Python or no network; with CI=true that is an error.
 */
export async function openReference(python = "python3"): Promise<Reference | null> {
  let folder: string;
  try {
    folder = await install(python);
  } catch (error) {
    const message = "No ranx and SciPy to compare with: python3 -m pip could not install packages/evaluation/peers/requirements.txt.";
    if (process.env.CI === "true") throw new Error(message, { cause: error });
    process.stderr.write(`${message} SKIPPING the tests that need it.\n`);
    return null;
  }
  return (calls) => ask({ python, folder, calls });
}

async function install(python: string): Promise<string> {
  const requirements = join(peers, "requirements.txt");
  const { stdout } = await execute(python, ["-c", "import sys; print('%d%d' % sys.version_info[:2])"], { timeout: 30_000 });
  const folder = join(cache, `evaluation-peers-${sha256(await readFile(requirements)).slice(0, 8)}-py${stdout.trim()}`);
  try {
    await access(folder);
    return folder;
  } catch {
    // Installed aside and renamed, so that nobody meets half an installation.
    await mkdir(cache, { recursive: true });
    const aside = await mkdtemp(join(cache, "evaluation-peers-"));
    const options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:", "--target", aside];
    try {
      await execute(python, ["-m", "pip", "install", ...options, "-r", requirements], { timeout: 400_000 });
      await rename(aside, folder);
    } catch (error) {
      await rm(aside, { recursive: true, force: true });
      // Another process may have been first.
      if (
        !(await access(folder).then(
          () => true,
          () => false,
        ))
      )
        throw error;
    }
    return folder;
  }
}

/** numba would compile for minutes what runs for milliseconds. */
async function ask({ python, folder, calls }: { python: string; folder: string; calls: readonly object[] }): Promise<unknown[]> {
  const child = spawn(python, [join(peers, "reference.py")], {
    env: { ...process.env, PYTHONPATH: folder, MPLBACKEND: "agg", NUMBA_DISABLE_JIT: "1" },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: 300_000,
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdin.end(JSON.stringify(calls));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (status !== 0) throw new Error(`reference.py ended with ${status}: ${err.trim().split("\n").at(-1) ?? ""}`);
  // Progress bars of a library may come first.
  const results: unknown = JSON.parse(out.slice(out.indexOf("[")));
  if (!Array.isArray(results)) throw new Error("reference.py sent no list");
  return results;
}
