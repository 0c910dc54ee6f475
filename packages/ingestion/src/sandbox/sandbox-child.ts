import { errorCodes, FootnoteError, throwIfAborted } from "@footnote/core";
import type { ErrorCode, ParsedDocument, ParseRequest } from "@footnote/core";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ParseLimits } from "../parse-limits.ts";
import { encodeFrame, FrameReader } from "./frames.ts";
import { checkParsedDocument } from "./parsed-document-check.ts";
import { readProcessUsage } from "./process-usage.ts";

const maxReplyBytes = 512 * 1024 * 1024;
const maxStderr = 16_384;
const pollMs = process.platform === "linux" ? 40 : 500;

export interface ChildOptions {
  /** Module that calls `serveParses`. */
  entry: URL;
  /** Folders that the child may read besides its code. */
  readable: readonly string[];
  /** Empty folder to run in. */
  workingDirectory: string;
  limits: ParseLimits;
}

export interface SandboxChild {
  readonly pid: number | undefined;
  readonly alive: boolean;
  /** Files parsed so far. */
  readonly parsed: number;
  /** Processor seconds used so far, as of the last look. */
  readonly cpuSeconds: number;
  /** One file at a time. After any error but one about the document the child is dead. */
  parse(request: ParseRequest & { limits: ParseLimits }): Promise<ParsedDocument>;
  kill(): void;
  onExit(listener: () => void): void;
}

/** Starts a child: Node's permission model, an empty environment and folder, its own process group, kernel limits where a shell is there. */
export function startSandboxChild(options: ChildOptions): SandboxChild {
  const child = spawnChild(options);
  const replies = child.stdio[3] as Readable;
  let stderr = "";
  let alive = true;
  let parsed = 0;
  let cpuSeconds = 0;
  let settle: ((outcome: { json: unknown } | { error: FootnoteError }) => void) | undefined;
  const exitListeners: (() => void)[] = [];
  const reader = new FrameReader(maxReplyBytes);

  function end(error: FootnoteError): void {
    alive = false;
    settle?.({ error });
    settle = undefined;
    killGroup(child);
  }

  child.stdout?.resume();
  child.stderr?.on("data", (chunk: Buffer) => {
    if (stderr.length < maxStderr) stderr += chunk.toString("latin1");
  });
  replies.on("data", (chunk: Buffer) => {
    try {
      for (const frame of reader.push(chunk)) {
        settle?.({ json: frame.json });
        settle = undefined;
      }
    } catch (error) {
      end(crashed({ cause: error }));
    }
  });
  replies.on("error", () => {});
  child.stdin?.on("error", () => {});
  child.once("error", (error) => end(crashed({ cause: error })));
  child.once("close", (code, signal) => {
    end(exitError({ code, signal, stderr }));
    for (const listener of exitListeners) listener();
  });
  setReferenced(child, false);

  async function run(request: ParseRequest & { limits: ParseLimits }): Promise<ParsedDocument> {
    const { bytes, mediaType, fileName, limits, signal } = request;
    throwIfAborted(signal);
    const outcome = await new Promise<{ json: unknown } | { error: FootnoteError }>((resolve) => {
      if (!alive) {
        resolve({ error: crashed({}) });
        return;
      }
      const stop = watch({ child, limits, end, usage: (seconds) => (cpuSeconds = seconds), before: cpuSeconds });
      const abort = (): void => end(new FootnoteError("cancelled", "The parsing was cancelled.", { cause: signal?.reason }));
      signal?.addEventListener("abort", abort, { once: true });
      settle = (result) => {
        stop();
        signal?.removeEventListener("abort", abort);
        resolve(result);
      };
      setReferenced(child, true);
      for (const part of encodeFrame({ mediaType, fileName, limits }, bytes)) child.stdin?.write(part);
    });
    setReferenced(child, false);
    parsed += 1;
    if ("error" in outcome) throw outcome.error;
    try {
      return readReply(outcome.json);
    } catch (error) {
      if (!(error instanceof FootnoteError) || error.code === "parse_crashed") end(crashed({}));
      throw error;
    }
  }

  return {
    get pid() {
      return child.pid;
    },
    get alive() {
      return alive;
    },
    get parsed() {
      return parsed;
    },
    get cpuSeconds() {
      return cpuSeconds;
    },
    parse: run,
    kill: () => {
      // Whoever waits for its end must not be left without it.
      setReferenced(child, true);
      end(crashed({}));
    },
    onExit: (listener) => exitListeners.push(listener),
  };
}

function spawnChild({ entry, readable, workingDirectory, limits }: ChildOptions): ChildProcess {
  const script = fileURLToPath(entry);
  const args = [
    "--permission",
    ...[...codeFolders(script), ...readable].map((folder) => `--allow-fs-read=${folder}`),
    "--disallow-code-generation-from-strings",
    `--max-old-space-size=${Math.max(64, Math.floor((limits.maxResidentBytes / 1024 / 1024) * 0.7))}`,
    script,
  ];
  const options = {
    cwd: workingDirectory,
    env: {},
    detached: true,
    stdio: ["pipe", "pipe", "pipe", "pipe"] as ("pipe" | "ignore")[],
    windowsHide: true,
  };
  if (process.platform === "win32") return spawn(process.execPath, args, options);
  // The kernel's own limits hold even when this process is gone: twice the processor time of a file, no core dumps, no files written.
  const seconds = Math.ceil(limits.cpuSeconds * 2);
  return spawn("/bin/sh", ["-c", `ulimit -c 0; ulimit -f 0; ulimit -t ${seconds}; exec "$0" "$@"`, process.execPath, ...args], options);
}

/** In the workspace: node_modules, core and this package; never the workspace's root, where data lies. Elsewhere: the bundle's own folder. */
function codeFolders(script: string): string[] {
  for (let folder = dirname(script); folder !== dirname(folder); folder = dirname(folder)) {
    if (!existsSync(join(folder, "pnpm-workspace.yaml"))) continue;
    return ["node_modules", "packages/core", "packages/ingestion", "package.json"].map((name) => join(folder, name));
  }
  return [dirname(script), join(dirname(script), "..", "node_modules")];
}

interface WatchOptions {
  child: ChildProcess;
  limits: ParseLimits;
  end: (error: FootnoteError) => void;
  usage: (cpuSeconds: number) => void;
  /** Processor seconds used by earlier files. */
  before: number;
}

/** Looks at time, processor and memory until stopped, and ends the child at a limit. */
function watch({ child, limits, end, usage, before }: WatchOptions): () => void {
  let stopped = false;
  const timeout = (what: string, limit: Record<string, number>): void =>
    end(
      new FootnoteError("parse_timeout", `The file took more than ${what} to parse; split it or send a simpler one.`, { details: limit }),
    );
  const clock = setTimeout(() => timeout(`${limits.wallClockMs} ms`, { wallClockMs: limits.wallClockMs }), limits.wallClockMs);
  const look = async (): Promise<void> => {
    if (stopped || child.pid === undefined) return;
    const now = await readProcessUsage(child.pid);
    if (stopped) return;
    if (now !== null) {
      usage(now.cpuSeconds);
      if (now.residentBytes > limits.maxResidentBytes) {
        end(outOfMemory(limits));
        return;
      }
      if (now.cpuSeconds - before > limits.cpuSeconds) {
        timeout(`${limits.cpuSeconds} s of processor time`, { cpuSeconds: limits.cpuSeconds });
        return;
      }
    }
    poll = setTimeout(() => void look(), pollMs);
  };
  let poll = setTimeout(() => void look(), pollMs);
  return () => {
    stopped = true;
    clearTimeout(clock);
    clearTimeout(poll);
  };
}

function readReply(json: unknown): ParsedDocument {
  if (typeof json !== "object" || json === null || !("ok" in json)) throw crashed({});
  if (json.ok === true && "document" in json) return checkParsedDocument(json.document);
  if ("code" in json && "message" in json && typeof json.message === "string" && isErrorCode(json.code)) {
    const details = "details" in json && typeof json.details === "object" && json.details !== null ? { ...json.details } : {};
    throw new FootnoteError(json.code, json.message.slice(0, 500), { details });
  }
  const name = "crashed" in json && typeof json.crashed === "string" ? json.crashed.slice(0, 100) : "unknown";
  // An exception of the parser comes back at every try.
  throw new FootnoteError("parse_crashed", "The parser failed on this file; report it, or send the file in another format.", {
    details: { exception: name },
    retryable: false,
  });
}

function isErrorCode(value: unknown): value is ErrorCode {
  return errorCodes.some((code) => code === value);
}

function exitError({ code, signal, stderr }: { code: number | null; signal: string | null; stderr: string }): FootnoteError {
  if (/heap out of memory|Array buffer allocation failed|allocation failure/iu.test(stderr)) return outOfMemory(undefined);
  if (signal === "SIGXCPU") {
    return new FootnoteError("parse_timeout", "The file took too much processor time to parse; split it or send a simpler one.");
  }
  return crashed({ details: { exitCode: code, signal } });
}

function outOfMemory(limits: ParseLimits | undefined): FootnoteError {
  return new FootnoteError("parse_out_of_memory", "The file needs more memory to parse than it may have; split it or send a simpler one.", {
    details: limits === undefined ? {} : { maxResidentBytes: limits.maxResidentBytes },
  });
}

function crashed({ details, cause }: { details?: Record<string, unknown>; cause?: unknown }): FootnoteError {
  return new FootnoteError(
    "parse_crashed",
    "The parsing process ended unexpectedly on this file; try again or send it in another format.",
    {
      ...(details === undefined ? {} : { details }),
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/** An idle child keeps nobody's process alive. */
function setReferenced(child: ChildProcess, referenced: boolean): void {
  const handles: readonly unknown[] = [child, ...child.stdio];
  for (const handle of handles) {
    if (typeof handle !== "object" || handle === null || !("ref" in handle) || !("unref" in handle)) continue;
    const method: unknown = referenced ? handle.ref : handle.unref;
    if (typeof method === "function") method.call(handle);
  }
}
