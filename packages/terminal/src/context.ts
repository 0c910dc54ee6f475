import type { Terminal } from "./output.ts";

/** What a command is run with. */
export interface Context {
  terminal: Terminal;
  /** The process's environment. */
  variables: Record<string, string | undefined>;
  /** Where `.env` files and relative paths are looked up. */
  cwd: string;
  /** Fires at SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** The exit status; commands change it. */
  exitCode: number;
}

export interface CommonOptions {
  json?: boolean;
  dataDir?: string;
}
