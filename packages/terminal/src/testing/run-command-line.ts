import type { Context } from "../context.ts";
import { fakeTerminal } from "./fake-terminal.ts";

export interface Ran {
  code: number;
  out: string;
  err: string;
  /** What `--json` printed. */
  lines(): ReturnType<typeof JSON.parse>[];
}

export interface RunOptions {
  dataDir?: string;
  variables?: Record<string, string>;
  cwd?: string;
  isTTY?: boolean;
  signal?: AbortSignal;
}

export type RunCommand = (argv: readonly string[], context: Context) => Promise<number>;

function contextOf(terminal: ReturnType<typeof fakeTerminal>, options: RunOptions): Context {
  const { dataDir, variables = {}, cwd = "/", signal = new AbortController().signal } = options;
  return {
    terminal,
    variables: { FOOTNOTE_PORT: "0", FOOTNOTE_LOG_LEVEL: "silent", ...(dataDir ? { FOOTNOTE_DATA_DIR: dataDir } : {}), ...variables },
    cwd,
    signal,
    exitCode: 0,
  };
}

/** One command line, as the program would run it. */
export async function runCommandLine(run: RunCommand, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const terminal = fakeTerminal(options.isTTY);
  const code = await run(argv, contextOf(terminal, options));
  const lines = () =>
    terminal
      .out()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line): ReturnType<typeof JSON.parse> => JSON.parse(line));
  return { code, out: terminal.out(), err: terminal.err(), lines };
}

/** A command that goes on until it is stopped; resolves when it has printed `until`. */
export async function startCommandLine(
  run: RunCommand,
  argv: readonly string[],
  options: RunOptions & { until: RegExp },
): Promise<{ out(): string; stop(): Promise<number> }> {
  const terminal = fakeTerminal(options.isTTY);
  const stopping = new AbortController();
  const ended = run(argv, contextOf(terminal, { ...options, signal: stopping.signal }));
  let over = false;
  void ended.finally(() => (over = true));
  while (!options.until.test(terminal.out())) {
    if (over) throw new Error(`It ended with ${await ended}: ${terminal.err()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    out: () => terminal.out(),
    async stop() {
      stopping.abort();
      return await ended;
    },
  };
}
