import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** What figures are measured beside: the versions of the locks next to this file. */
const environments = {
  pdfium: { modules: ["pypdfium2"], lock: "pdfium-requirements.txt" },
  bm25s: { modules: ["bm25s", "Stemmer"], lock: "bm25s-requirements.txt" },
};

/** A Python with these modules in a virtual environment of its own in `folder`, made from the hashed lock when it is not there; or why there is none. */
export async function preparePython(options: {
  name: keyof typeof environments;
  folder: string;
  /** What makes the environment. Default `python3`. */
  python?: string;
  log(line: string): void;
  signal?: AbortSignal;
}): Promise<{ ok: true; python: string } | { ok: false; reason: string }> {
  const { name, folder, python: maker = "python3", log, signal } = options;
  const { modules, lock } = environments[name];
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const limits = { timeout: 300_000, ...(signal ? { signal } : {}) };
  const isThere = () =>
    execute(python, ["-c", `import ${modules.join(", ")}`], limits).then(
      () => true,
      () => false,
    );
  if (await isThere()) return { ok: true, python };
  signal?.throwIfAborted();
  log(`Installing ${name} into ${folder}…`);
  const byHash = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"];
  const steps: [what: string, command: string, args: string[]][] = [
    ["making a virtual environment", maker, ["-m", "venv", folder]],
    [`installing ${name}`, python, ["-m", "pip", "install", ...byHash, "-r", fileURLToPath(new URL(lock, import.meta.url))]],
  ];
  for (const [what, command, args] of steps) {
    try {
      await execute(command, args, limits);
    } catch (error) {
      signal?.throwIfAborted();
      return { ok: false, reason: `${what} failed: ${lastLine(error)}` };
    }
  }
  return (await isThere()) ? { ok: true, python } : { ok: false, reason: `${name} was installed and cannot be imported` };
}

function lastLine(error: unknown): string {
  const text =
    error instanceof Error && "stderr" in error && typeof error.stderr === "string" && error.stderr.trim() ? error.stderr : String(error);
  return text.trim().split("\n").at(-1) ?? "";
}
