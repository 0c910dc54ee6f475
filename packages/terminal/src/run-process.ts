import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import type { Context } from "./context.ts";

/** Signals closer together than this are one: a terminal sends Ctrl-C to the whole group, and npm passes it on once more. */
const sameSignalMs = 1000;
/** A stop that takes longer is ended. */
const longestStopMs = 25_000;

/** Runs this process's command line and ends the process with its status. `load` is called once the compile cache is on. */
export async function runProcess(
  variables: Record<string, string | undefined>,
  load: () => Promise<(argv: readonly string[], context: Context) => Promise<number>>,
): Promise<void> {
  const stopping = new AbortController();
  let first = 0;
  function stop(): void {
    if (first === 0) {
      first = Date.now();
      stopping.abort();
      setTimeout(() => process.exit(1), longestStopMs).unref();
    } else if (Date.now() - first > sameSignalMs) process.exit(130);
  }
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.on("SIGHUP", stop);
  // A reader that has left (`footnote search … | head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });

  // Started by scripts/run.mjs: when that is killed, nobody could stop this process any more.
  const parent = Number(variables.FOOTNOTE_PARENT_PID);
  if (parent === process.ppid) {
    setInterval(() => {
      if (process.ppid !== parent) stop();
    }, 1000).unref();
  }

  // The second start finds its modules compiled; where the folder cannot be written, nothing changes.
  enableCompileCache(join(import.meta.dirname, "../../../node_modules/.cache/footnote"));
  const run = await load();
  // A killed server would never write it.
  setTimeout(flushCompileCache, 15_000).unref();

  process.exitCode = await run(process.argv.slice(2), {
    terminal: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
    variables,
    cwd: process.cwd(),
    signal: stopping.signal,
    exitCode: 0,
  });
  // Worker threads and pools are closed by now; what a library left open must not keep the shell waiting.
  process.stdout.write("", () => process.exit());
}
