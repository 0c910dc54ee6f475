import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";

const script = join(import.meta.dirname, "../../../scripts/run.mjs");
const run = promisify(execFile);

it("passes arguments, output and exit status through, from any folder", async () => {
  const { stdout } = await run(process.execPath, [script, "search", "--help"], { cwd: tmpdir() });
  expect(stdout).toContain("Usage: footnote search");
  await expect(run(process.execPath, [script, "bogus"], { cwd: tmpdir() })).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("unknown command"),
  });
});

it("stops the server at SIGTERM in time, and the server ends when its starter is killed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "footnote-run-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const start = async () => {
    const child = spawn(process.execPath, [script, "serve", "--port", "0", "--json"], {
      cwd: folder,
      env: { ...process.env, FOOTNOTE_DATA_DIR: folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const ready = await new Promise<{ pid: number; url: string }>((resolve, reject) => {
      child.stdout.once("data", (line: Buffer) => resolve(JSON.parse(line.toString())));
      void exited.then((code) => reject(new Error(`It ended with ${code}.`)));
    });
    return { child, exited, ready };
  };
  const first = await start();
  expect((await fetch(`${first.ready.url}/readyz`)).status).toBe(200);
  const began = Date.now();
  first.child.kill("SIGTERM");
  expect(await first.exited).toBe(0);
  expect(Date.now() - began).toBeLessThan(25_000);

  const second = await start();
  second.child.kill("SIGKILL");
  const alive = () =>
    fetch(`${second.ready.url}/healthz`).then(
      () => true,
      () => false,
    );
  const deadline = Date.now() + 25_000;
  while ((await alive()) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await alive()).toBe(false);
}, 240_000);
