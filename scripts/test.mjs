#!/usr/bin/env node
// `npm test`: installs what is missing, then runs every check and test. Plain Node, no dependency; the last line counts.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules/.bin");
const cache = join(root, ".cache");
const shared = process.env.FOOTNOTE_SHARED ?? join(root, "../shared");
const environment = {
  ...process.env,
  PATH: `${bin}:${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: "1",
};
/** Node 24 sometimes aborts with these words while it frees WebAssembly code of PGlite (github.com/nodejs/node/issues/64500). */
const nodesAbort = "Check failed: jit_page_->allocations_.erase";
let passed = 0;
let failed = 0;
const failures = [];
/** The end of what the last failed command of a step printed, shown again below everything else. */
let lastWords = "";

/** Runs a command with its output shown, and resolves to its exit status and what it printed on standard output and standard error. */
function run(command, args, { env = {}, quiet = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...environment, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    let end = "";
    child.stdout.on("data", (data) => {
      output += data;
      end = (end + data).slice(-3000);
      if (!quiet) process.stdout.write(data);
    });
    child.stderr.on("data", (data) => {
      errors += data;
      end = (end + data).slice(-3000);
      process.stderr.write(data);
    });
    const close = (status, reason) => {
      if (status !== 0) lastWords = reason === undefined ? end : `${end}${reason}`;
      resolve({ status, output, errors });
    };
    child.on("error", (error) => close(1, String(error)));
    child.on("close", (status, signal) => (status === null ? close(1, `\n${command} was ended by ${signal}`) : close(status)));
  });
}

async function step(name, work) {
  const began = Date.now();
  lastWords = "";
  console.log(`\n── ${name}`);
  const result = await work();
  passed += result.passed;
  failed += result.failed;
  if (result.failed > 0) failures.push({ name, lastWords });
  console.log(`── ${name}: ${result.passed} passed, ${result.failed} failed (${((Date.now() - began) / 1000).toFixed(0)} s)`);
}

const check = async (command, args, options) => {
  let { status, errors } = await run(command, args, options);
  if (status !== 0 && errors.includes(nodesAbort)) {
    console.log(`\nNode aborted under ${command} ${args.join(" ")}, a known fault of it; it runs again.`);
    ({ status, errors } = await run(command, args, options));
  }
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 };
};

/** A suite that ends with `N passed, N failed`; one that printed no such line has failed. */
async function counted(command, args, options) {
  const { status, output } = await run(command, args, options);
  const counts = /(\d+) passed, (\d+) failed\s*$/u.exec(output);
  if (!counts) {
    lastWords ||= `${output.slice(-3000)}\n(no line "N passed, N failed" at the end)`;
    return { passed: 0, failed: 1 };
  }
  const lost = Number(counts[2]);
  return { passed: Number(counts[1]), failed: status === 0 ? lost : Math.max(1, lost) };
}

/** Runs tests and reads their report; `rest` are vitest's further arguments. */
async function runTests(name, rest) {
  const report = join(cache, name);
  mkdirSync(cache, { recursive: true });
  rmSync(report, { force: true });
  const ended = await run("vitest", ["run", "--no-color", "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`, ...rest]);
  return { ...ended, result: existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : null };
}

/** The files of tests whose process died of exactly that, and of nothing else. */
function diedOfNode({ output, errors }) {
  if (!errors.includes(nodesAbort)) return [];
  const died = /Worker exited unexpectedly with signal SIG(?:TRAP|ILL|ABRT) .*? while running test file (\S+)/gu;
  return [...new Set([...`${output}${errors}`.matchAll(died)].map(([, file]) => file))];
}

async function vitest() {
  const first = await runTests("vitest.json", ["--coverage"]);
  if (!first.result) return { passed: 0, failed: 1 };
  const died = diedOfNode(first);
  // A file that could not be loaded has no test that failed; vitest's own count of suites has every describe around a failed test.
  const unloaded = first.result.testResults.filter(
    ({ name, status, assertionResults }) =>
      status === "failed" && !died.includes(name) && !assertionResults.some((test) => test.status === "failed"),
  );
  const lost = first.result.numFailedTests + unloaded.length;
  const passes = first.result.numPassedTests;
  if (died.length === 0) return { passed: passes, failed: first.status === 0 ? lost : Math.max(1, lost) };
  const unhandled = Number(/Errors\s+(\d+) errors?/u.exec(`${first.output}${first.errors}`)?.[1] ?? 0);
  console.log(`\nNode aborted under ${died.length} file(s) of tests, a known fault of it; they run again by themselves.`);
  const again = await runTests("vitest-again.json", died);
  if (!again.result) return { passed: passes, failed: lost + 1 };
  const lostAgain = again.result.numFailedTests;
  return {
    passed: passes + again.result.numPassedTests,
    failed: lost + Math.max(0, unhandled - died.length) + (again.status === 0 ? lostAgain : Math.max(1, lostAgain)),
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

/** The black-box checks over HTTP, against a server on a new data folder. */
async function acceptance(env = {}) {
  const folder = join(cache, `acceptance-${process.pid}-${Date.now()}`);
  const script = join(shared, "acceptance/acceptance.py");
  const args = [script, "--start", "npm start", "--data-dir", folder, "--port", await freePort()];
  const result = await counted("python3", args, { env });
  if (result.failed === 0) rmSync(folder, { recursive: true, force: true });
  else console.log(`the server's log is in ${join(".cache", folder.split("/").pop() ?? "", "server.log")}`);
  return result;
}

await step("install", () => check("npx", ["-y", "pnpm@12.21.0", "install", "--frozen-lockfile"], { quiet: true }));
await step("format", () => check("oxfmt", ["--check", "."]));
await step("lint", () => check("oxlint", []));
await step("boundaries", () => check("node", ["tools/checks/src/boundaries.ts"]));
await step("dead code", () => check("knip", []));
await step("secrets", () => check("node", ["tools/checks/src/secrets.ts"]));
await step("types", () => check("npx", ["-y", "pnpm@12.21.0", "run", "types"]));
// Before the tests, which run its client against it.
await step("ragas", () => counted("node", ["scripts/ragas.mjs", "check"]));
await step("tests", vitest);
await step("coverage", () => check("node", ["tools/checks/src/coverage.ts"]));
await step("eval gate", () => check("node", ["tools/eval/src/main.ts", "gate"]));
if (existsSync(join(shared, "acceptance/acceptance.py"))) {
  await step("acceptance on PGlite", () => acceptance());
  await step("acceptance on Postgres", () => counted("node", ["tools/checks/src/acceptance-on-postgres.ts"]));
} else console.log("\n── acceptance: skipped, the shared folder with its checks is absent");

for (const failure of failures) console.log(`\n── failed: ${failure.name}\n${failure.lastWords.trim()}`);
if (failures.length > 0) console.log(`\nfailed: ${failures.map(({ name }) => name).join(", ")}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
