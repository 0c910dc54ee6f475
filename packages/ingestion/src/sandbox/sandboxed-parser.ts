import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { ParsedDocument, Parser, ParseRequest } from "@footnote/core";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertParsableSize, parsedMediaTypes } from "../parse-document.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { startSandboxChild } from "./sandbox-child.ts";
import type { SandboxChild } from "./sandbox-child.ts";

export interface SandboxOptions {
  /** Files parsed at once, each in its own child. Default 2. */
  concurrency?: number;
  /** Children that wait for work, so that a file does not pay for Node's start. At most `concurrency`; default 1. */
  warm?: number;
  /** A child is replaced after this many files. Default 50. */
  filesPerChild?: number;
  /** Requests waiting for a child before `overloaded` is thrown. Default 256. */
  maxWaiting?: number;
  limits?: Partial<ParseLimits>;
  /** The child's program. Default: the one beside this file; a bundle names its own. */
  entry?: URL;
  /** Folders that the child may read besides its code. Default none. */
  readable?: readonly string[];
}

export interface SandboxedParser extends Parser {
  /** Kills all children; parses under way fail with `shutting_down`. */
  close(): Promise<void>;
}

/** Runs `parseDocument` in limited child processes: what a file does to its parser, it does to nobody else (DESIGN §5). */
export function createSandboxedParser(options: SandboxOptions = {}): SandboxedParser {
  const limits = parseLimits(options.limits);
  const concurrency = options.concurrency ?? 2;
  const warm = Math.min(concurrency, options.warm ?? 1);
  const filesPerChild = options.filesPerChild ?? 50;
  const maxWaiting = options.maxWaiting ?? 256;
  const workingDirectory = mkdtempSync(join(tmpdir(), "footnote-parse-"));
  const entry = options.entry ?? new URL("./parser-child.ts", import.meta.url);
  const idle: SandboxChild[] = [];
  const all = new Set<SandboxChild>();
  const waiting: (() => void)[] = [];
  let busy = 0;
  let closed = false;

  function start(): SandboxChild {
    const child = startSandboxChild({ entry, readable: options.readable ?? [], workingDirectory, limits });
    all.add(child);
    child.onExit(() => {
      all.delete(child);
      const position = idle.indexOf(child);
      if (position >= 0) idle.splice(position, 1);
    });
    return child;
  }

  function warmUp(): void {
    if (closed) return;
    while (idle.length + busy < warm) idle.push(start());
  }

  async function acquire(signal: AbortSignal | undefined): Promise<SandboxChild> {
    if (busy >= concurrency) {
      if (waiting.length >= maxWaiting) {
        throw new FootnoteError("overloaded", `${maxWaiting} files wait to be parsed already; try again later.`, {
          details: { maxWaiting },
        });
      }
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => {
          const position = waiting.indexOf(turn);
          if (position >= 0) waiting.splice(position, 1);
          reject(new FootnoteError("cancelled", "The parsing was cancelled.", { cause: signal?.reason }));
        };
        const turn = (): void => {
          signal?.removeEventListener("abort", abort);
          resolve();
        };
        signal?.addEventListener("abort", abort, { once: true });
        waiting.push(turn);
      });
    } else busy += 1;
    // The slot is ours from here, also where it was handed over.
    for (let child = idle.pop(); child !== undefined; child = idle.pop()) if (child.alive) return child;
    return start();
  }

  function release(child: SandboxChild): void {
    const worn = child.parsed >= filesPerChild || child.cpuSeconds > limits.cpuSeconds * 0.9;
    if (child.alive && (worn || closed)) child.kill();
    else if (child.alive) idle.push(child);
    const next = waiting.shift();
    if (next === undefined) busy -= 1;
    else next();
    warmUp();
  }

  async function parse({ bytes, mediaType, fileName, signal }: ParseRequest): Promise<ParsedDocument> {
    throwIfAborted(signal);
    assertParsableSize(bytes, limits);
    assertOpen();
    const child = await acquire(signal);
    try {
      assertOpen();
      return await child.parse({
        bytes,
        limits,
        ...(mediaType === undefined ? {} : { mediaType }),
        ...(fileName === undefined ? {} : { fileName }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      assertOpen();
      throw error;
    } finally {
      release(child);
    }
  }

  function assertOpen(): void {
    if (closed) throw new FootnoteError("shutting_down", "The parser is closed; the file is parsed after the restart.");
  }

  const removeFolder = (): void => rmSync(workingDirectory, { recursive: true, force: true });
  // A program that ends without closing leaves no folder either; only a kill does.
  process.once("exit", removeFolder);
  warmUp();
  return {
    mediaTypes: parsedMediaTypes,
    parse,
    close: async () => {
      closed = true;
      const exits = [...all].map((child) => new Promise<void>((resolve) => child.onExit(resolve)));
      for (const child of all) child.kill();
      await Promise.all(exits);
      process.off("exit", removeFolder);
      removeFolder();
    },
  };
}
