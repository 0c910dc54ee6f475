import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
/** The one that the figures of docs/quality.md were measured with. */
const requirement = "pypdfium2==5.15.2";

/** A Python with pypdfium2 in a virtual environment of its own in `folder`, made when it is not there; or why there is none. */
export async function preparePdfium(options: {
  folder: string;
  /** What makes the environment. Default `python3`. */
  python?: string;
  log(line: string): void;
  signal?: AbortSignal;
}): Promise<{ ok: true; python: string } | { ok: false; reason: string }> {
  const { folder, python: maker = "python3", log, signal } = options;
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const limits = { timeout: 180_000, ...(signal ? { signal } : {}) };
  const isThere = () =>
    execute(python, ["-c", "import pypdfium2"], limits).then(
      () => true,
      () => false,
    );
  if (await isThere()) return { ok: true, python };
  signal?.throwIfAborted();
  log(`Installing pypdfium2 into ${folder}…`);
  const steps: [what: string, command: string, args: string[]][] = [
    ["making a virtual environment", maker, ["-m", "venv", folder]],
    ["installing pypdfium2", python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]],
  ];
  for (const [what, command, args] of steps) {
    try {
      await execute(command, args, limits);
    } catch (error) {
      signal?.throwIfAborted();
      return { ok: false, reason: `${what} failed: ${lastLine(error)}` };
    }
  }
  return (await isThere()) ? { ok: true, python } : { ok: false, reason: "pypdfium2 was installed and cannot be imported" };
}

function lastLine(error: unknown): string {
  const text =
    error instanceof Error && "stderr" in error && typeof error.stderr === "string" && error.stderr.trim() ? error.stderr : String(error);
  return text.trim().split("\n").at(-1) ?? "";
}
