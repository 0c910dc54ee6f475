// `node scripts/ragas.mjs check`: every check and test of the ragas sidecar; the last line counts.
// `node scripts/ragas.mjs serve`: runs it. Both make its virtual environment under .cache from the hashed lock when that has changed. Plain Node.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const service = join(root, "services/ragas");
const cache = join(root, ".cache/ragas");
const venv = join(cache, "venv");
const bin = join(venv, process.platform === "win32" ? "Scripts" : "bin");
const python = join(bin, "python");
/** Says which lock the environment was made from; written last. */
const stamp = join(venv, "lock.sha256");
const locks = ["requirements-uv.txt", "requirements-dev.txt"];

/** Runs a command in the service's folder with its output on standard error, and resolves to its exit status and standard output. */
function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: service, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
      process.stderr.write(data);
    });
    child.on("error", (error) => resolve({ status: 1, output: String(error) }));
    child.on("close", (status) => resolve({ status: status ?? 1, output }));
  });
}

const quietly = (command, args) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "ignore" });
    child.on("error", () => resolve(false));
    child.on("close", (status) => resolve(status === 0));
  });

async function findPython() {
  for (const name of ["python3", "python3.13", "python3.12", "python3.11"]) {
    if (await quietly(name, ["-c", "import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"])) return name;
  }
  throw new Error("no Python 3.11 to 3.13 with venv was found; install python3 and python3-venv");
}

async function prepare() {
  const hash = createHash("sha256");
  for (const lock of locks) hash.update(readFileSync(join(service, lock)));
  const wanted = hash.digest("hex");
  if (
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === wanted &&
    (await quietly(python, ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('ragas') is None)"]))
  )
    return;
  const maker = await findPython();
  console.error("Installing ragas and what checks it (once for each lock)…");
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const steps = [
    [maker, ["-m", "venv", venv]],
    [python, ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", "requirements-uv.txt"]],
  ];
  for (const [command, args] of steps) {
    if ((await run(command, args)).status !== 0) throw new Error(`${command} ${args[1]} failed; see above`);
  }
  // uv installs in seconds what takes pip minutes; pip knows package indexes that only its own configuration names.
  const lock = ["--require-hashes", "-r", "requirements-dev.txt"];
  const { status } = await run(join(bin, "uv"), ["pip", "install", "-q", "--python", python, ...lock]);
  if (status !== 0 && (await run(python, ["-m", "pip", "install", "-q", "--disable-pip-version-check", ...lock])).status !== 0)
    throw new Error("installing from the lock failed; see above");
  writeFileSync(stamp, wanted);
}

async function check() {
  let passed = 0;
  let failed = 0;
  const pyright = join(root, "node_modules/.bin/pyright");
  const checks = [
    [join(bin, "ruff"), ["format", "--check", "."]],
    [join(bin, "ruff"), ["check", "."]],
    [pyright, ["--pythonpath", python]],
  ];
  for (const [command, args] of checks) {
    const { status } = await run(command, args);
    if (status === 0) passed += 1;
    else failed += 1;
  }
  const { status, output } = await run(python, ["-m", "pytest", "--cov", "--cov-report=term"], { PYTHONDONTWRITEBYTECODE: "1" });
  const count = (word) => Number(new RegExp(`(\\d+) ${word}`, "u").exec(output.trim().split("\n").at(-1) ?? "")?.[1] ?? 0);
  passed += count("passed");
  // A coverage below the floor fails pytest without failing a test.
  failed += Math.max(count("failed") + count("errors?"), status === 0 ? 0 : 1);
  return { passed, failed };
}

try {
  await prepare();
  if (process.argv[2] === "serve") {
    const path = [join(service, "src"), process.env.PYTHONPATH].filter(Boolean).join(delimiter);
    const child = spawn(python, ["-m", "footnote_ragas"], { env: { ...process.env, PYTHONPATH: path }, stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
    child.on("close", (status) => (process.exitCode = status ?? 1));
  } else {
    const { passed, failed } = await check();
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 ? 1 : 0;
  }
} catch (error) {
  console.error(`ragas: ${error.message}`);
  process.exitCode = 1;
}
