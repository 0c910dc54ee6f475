// Plain Node 20, no dependencies: installs what is missing, then runs the `footnote` command under the workspace's Node 24.
import { spawn } from "node:child_process";
import { existsSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, "node_modules/.bin/node");
/** Written by pnpm at the end of every install. */
const installed = join(root, "node_modules/.modules.yaml");

function run(command, args, stdio) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio });
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}

const stale =
  !existsSync(installed) || !existsSync(node) || statSync(installed).mtimeMs + 1000 < statSync(join(root, "pnpm-lock.yaml")).mtimeMs;
if (stale) {
  process.stderr.write("Installing what is missing (once; about a minute)…\n");
  // Its progress goes to stderr: stdout belongs to the command.
  const code = await run("npx", ["-y", "pnpm@12.21.0", "install", "--frozen-lockfile"], ["ignore", 2, 2]);
  if (code !== 0) {
    process.stderr.write("The installation failed; see above, then try again.\n");
    process.exit(code);
  }
  // pnpm leaves its file alone when there was nothing to do; the next start must not ask again.
  utimesSync(installed, new Date(), new Date());
}

const child = spawn(node, [join(root, "apps/cli/src/main.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, FOOTNOTE_PARENT_PID: String(process.pid) },
});
// The command takes signals that come within a second of each other as one: a terminal sends them to the whole group.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.once("error", (error) => {
  process.stderr.write(`Node 24 could not be started: ${error.message}\n`);
  process.exit(1);
});
child.once("exit", (code, signal) => {
  if (signal) {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  } else process.exit(code ?? 1);
});
