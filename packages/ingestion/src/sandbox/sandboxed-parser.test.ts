import { isFootnoteError } from "@footnote/core";
import { until } from "@footnote/core/testing";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { createSandboxedParser } from "./sandboxed-parser.ts";
import type { SandboxedParser, SandboxOptions } from "./sandboxed-parser.ts";

const hostile = new URL("./testing/hostile-child.ts", import.meta.url);
const open: SandboxedParser[] = [];

function sandbox(options: SandboxOptions = {}): SandboxedParser {
  const parser = createSandboxedParser(options);
  open.push(parser);
  return parser;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((parser) => parser.close()));
});

function parse(parser: SandboxedParser, text: string, signal?: AbortSignal) {
  return parser.parse({ bytes: Buffer.from(text), fileName: "a.txt", ...(signal === undefined ? {} : { signal }) });
}

async function failure(promise: Promise<unknown>): Promise<{ code: string; message: string; details: object; retryable: boolean }> {
  const error: unknown = await promise.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (!isFootnoteError(error)) throw error;
  return { code: error.code, message: error.message, details: error.details, retryable: error.retryable };
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/mu.test(readFileSync(`/proc/${pid}/status`, "latin1"));
}

test("parses real files in a child that is used again", async () => {
  const parser = sandbox();
  const markdown = await parser.parse({ bytes: Buffer.from("# Title\n\nSome text."), fileName: "a.md" });
  expect(markdown).toMatchObject({ mediaType: "text/markdown", title: "Title", text: "Title\n\nSome text." });
  const started = performance.now();
  const text = await parser.parse({ bytes: Buffer.from("Nur ein Satz, und noch einer."), fileName: "a.txt" });
  expect(text.blocks).toHaveLength(1);
  // No figure: a warm child answers without a new start of Node, which takes longer than this even on a fast machine.
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("errors about the document come through with code and details, and the child lives on", async () => {
  const parser = sandbox({ entry: hostile, concurrency: 1 });
  const { text: pid } = await parse(parser, "who");
  expect(await failure(parse(parser, "corrupt"))).toMatchObject({
    code: "document_corrupt",
    message: "The file is damaged.",
    details: { at: 3 },
  });
  expect((await parse(parser, "who")).text).toBe(pid);
  expect(await failure(parser.parse({ bytes: new Uint8Array(0) }))).toMatchObject({ code: "empty_file" });
});

test("an exception of the parser names its class, never its words, and replaces the child", async () => {
  const parser = sandbox({ entry: hostile, concurrency: 1 });
  const { text: pid } = await parse(parser, "who");
  const error = await failure(parse(parser, "throw"));
  expect(error).toMatchObject({ code: "parse_crashed", retryable: false, details: { exception: "TypeError" } });
  expect(JSON.stringify(error)).not.toContain("secret");
  expect((await parse(parser, "who")).text).not.toBe(pid);
});

test("a loop ends at the wall clock or at the processor limit, a wait at the wall clock", async () => {
  const clock = sandbox({ entry: hostile, limits: { wallClockMs: 900 } });
  const results = await Promise.all([failure(parse(clock, "loop")), failure(parse(clock, "sleep"))]);
  expect(results.map((result) => result.code)).toEqual(["parse_timeout", "parse_timeout"]);
  const processor = sandbox({ entry: hostile, limits: { cpuSeconds: 1 } });
  expect(await failure(parse(processor, "loop"))).toMatchObject({ code: "parse_timeout", details: { cpuSeconds: 1 } });
});

test("memory is bounded on the heap and beside it", async () => {
  const parser = sandbox({ entry: hostile, limits: { maxResidentBytes: 250 * 1024 * 1024 } });
  expect(await failure(parse(parser, "heap"))).toMatchObject({ code: "parse_out_of_memory" });
  expect(await failure(parse(parser, "buffers"))).toMatchObject({ code: "parse_out_of_memory" });
});

test("a crash, a lie and a flood of output harm only their own file", async () => {
  const parser = sandbox({ entry: hostile, concurrency: 3 });
  const [crash, lie, noise, fine] = await Promise.all([
    failure(parse(parser, "exit")),
    failure(parse(parser, "lie")),
    parse(parser, "noise"),
    parse(parser, "who"),
  ]);
  expect(crash).toMatchObject({ code: "parse_crashed", details: { exitCode: 7 } });
  expect(lie).toMatchObject({ code: "parse_crashed" });
  expect(noise.text).toMatch(/^pid \d+$/u);
  expect(fine.text).toMatch(/^pid \d+$/u);
});

test("the child can neither read, write, start processes nor reach the network", async () => {
  const parser = sandbox({ entry: hostile, concurrency: 1 });
  for (const what of ["read", "write", "spawn", "worker", "net", "builtin", "socket", "fetch", "eval"]) {
    expect(`${what} ${(await parse(parser, `try ${what}`)).text}`).toMatch(/ refused: /u);
  }
  const environment: object = JSON.parse((await parse(parser, "try environment")).text);
  // A shell adds these of its own.
  expect(Object.keys(environment).filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name))).toEqual([]);
  const folder = (await parse(parser, "try folder")).text;
  expect(folder).toContain("footnote-parse-");
  await parser.close();
  expect(existsSync(folder)).toBe(false);
});

test("an abort kills the child; a waiting request leaves the line", async () => {
  const parser = sandbox({ entry: hostile, concurrency: 1 });
  const first = new AbortController();
  const second = new AbortController();
  const running = failure(parse(parser, "loop", first.signal));
  const waiting = failure(parse(parser, "who", second.signal));
  setTimeout(() => second.abort(), 50);
  expect(await waiting).toMatchObject({ code: "cancelled" });
  first.abort();
  expect(await running).toMatchObject({ code: "cancelled" });
  expect((await parse(parser, "who")).text).toMatch(/^pid/u);
  expect(await failure(parse(parser, "who", AbortSignal.abort()))).toMatchObject({ code: "cancelled" });
});

test("no more than the stated number wait", async () => {
  const parser = sandbox({ entry: hostile, concurrency: 1, maxWaiting: 1 });
  const results = await Promise.allSettled([parse(parser, "who"), parse(parser, "who"), parse(parser, "who")]);
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  expect(await failure(Promise.reject(results[2]?.status === "rejected" ? results[2].reason : null))).toMatchObject({ code: "overloaded" });
});

test("a child is replaced after its share of files, and when it was killed between two", async () => {
  const parser = sandbox({ entry: hostile, concurrency: 1, filesPerChild: 2 });
  const pids: string[] = [];
  for (let file = 0; file < 3; file += 1) pids.push((await parse(parser, "who")).text);
  expect(pids[1]).toBe(pids[0]);
  expect(pids[2]).not.toBe(pids[0]);
  const pid = Number(pids[2]?.slice(4));
  process.kill(pid, "SIGKILL");
  await until(() => !isRunning(pid));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await parse(parser, "who")).text).not.toBe(pids[2]);
});

test("closing fails what is under way and leaves no process", async () => {
  const parser = sandbox({ entry: hostile, concurrency: 1 });
  const pid = Number((await parse(parser, "who")).text.slice(4));
  const running = failure(parse(parser, "sleep"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await parser.close();
  expect(await running).toMatchObject({ code: "shutting_down" });
  expect(await failure(parse(parser, "who"))).toMatchObject({ code: "shutting_down" });
  expect(isRunning(pid)).toBe(false);
});

test("a child ends with its parent, however the parent dies", async () => {
  const module = new URL("./sandboxed-parser.ts", import.meta.url).href;
  const script = `import { createSandboxedParser } from ${JSON.stringify(module)};
    const parser = createSandboxedParser({ entry: new URL(${JSON.stringify(hostile.href)}) });
    process.stdout.write((await parser.parse({ bytes: Buffer.from("who") })).text);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  const [output] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(output.toString().slice(4));
  expect(isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  await until(() => !isRunning(pid));
});
