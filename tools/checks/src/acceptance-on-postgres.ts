/** The black-box checks against `npm start` on a database of a real Postgres server, which is started for them and stopped. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgresServer } from "@footnote/storage/testing";

const root = join(import.meta.dirname, "../../..");
const script = join(process.env["FOOTNOTE_SHARED"] ?? join(root, "../shared"), "acceptance/acceptance.py");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port could be had");
  return address.port;
}

const server = await startPostgresServer();
if (server === null) {
  console.log("acceptance on Postgres: skipped, there is no server here");
  console.log("0 passed, 0 failed");
} else {
  const database = await server.createDatabase();
  const folder = mkdtempSync(join(tmpdir(), "footnote-acceptance-"));
  const child = spawn("python3", [script, "--start", "npm start", "--data-dir", folder, "--port", String(await freePort())], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, DATABASE_URL: database.databaseUrl, DATABASE_ADMIN_URL: database.adminUrl },
  });
  const status = await new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? 1)));
  await server.stop();
  if (status === 0) rmSync(folder, { recursive: true, force: true });
  else console.error(`the server's log is in ${join(folder, "server.log")}`);
  process.exitCode = status;
}
