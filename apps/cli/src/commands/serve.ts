import { createServer } from "node:net";
import { FootnoteError } from "@footnote/core";
import { createClient } from "@footnote/sdk";
import type { Command } from "commander";
import { findServer } from "../connection.ts";
import { prepare } from "../prepare.ts";
import { type CommonOptions, type Context, type Output, wholeNumber } from "@footnote/terminal";
import type { Credentials, DataFolder } from "@footnote/server/data-folder";
import { findFiles } from "@footnote/server/files";
import { findHandbook, handbookCollection } from "@footnote/server/handbook";
import { ingestFiles } from "../ingest-files.ts";

interface ServeOptions extends CommonOptions {
  demo?: boolean;
  worker: boolean;
  api: boolean;
  host?: string;
  port?: number;
}

/** Of the 25 s in which a stopped server must be gone: for open requests and streams. */
const requestGraceMs = 15_000;
/** For running jobs: short, because they go on from their checkpoints at the next start. */
const jobGraceMs = 2_000;

export function addServe(program: Command, context: Context): void {
  program
    .command("serve")
    .description("serve the API and work on documents, in one process")
    .option("--demo", "make a demo tenant over the sample documents and print a key")
    .option("--no-worker", "serve the API only; documents wait for a worker elsewhere")
    .option("--no-api", "work on documents only")
    .option("--host <address>", "default: FOOTNOTE_HOST, 127.0.0.1")
    .option("--port <number>", "default: FOOTNOTE_PORT, 8787; 0 takes a free one", wholeNumber({ from: 0, to: 65_535 }))
    .addHelpText(
      "after",
      `
Without DATABASE_URL everything is kept in the data folder (FOOTNOTE_DATA_DIR, .footnote).
SIGTERM or Ctrl-C drains: no new work, open streams end, running documents go back to their checkpoints; a second one exits at once.

Examples:
  footnote serve --demo
  DATABASE_URL=postgres://… footnote serve --no-worker`,
    )
    .action(async (options: ServeOptions) => await serve(context, options));
}

export async function serve(context: Context, options: ServeOptions): Promise<void> {
  const { terminal } = context;
  const { env, folder, output } = await prepare({ ...context, variables: { ...context.variables, ...chosenAddress(options) } }, options);
  if (!options.api && !options.worker)
    throw new FootnoteError("invalid_request", "Nothing is left to serve with --no-api and --no-worker; leave one out.");
  const other = env.DATABASE_URL ? null : await findServer(folder);
  if (other) {
    throw new FootnoteError(
      "data_folder_in_use",
      `A server already runs on this data folder at ${other.url} (process ${other.pid}); use it, or stop it first.`,
    );
  }
  if (options.api) await checkPort(env.FOOTNOTE_HOST, env.FOOTNOTE_PORT);
  const { migrateIfPossible, openRuntime, startApi } = await import("@footnote/server/compose");
  if (options.demo && env.DATABASE_URL) await migrateIfPossible(env);
  const runtime = await openRuntime({ env, folder, warm: true });
  let api: Awaited<ReturnType<typeof startApi>> | undefined;
  let credentials: Credentials | undefined;
  try {
    if (options.api) {
      credentials = await runtime.credentials();
      api = await startApi(runtime, env);
      // Whatever is under way here when the signal comes: who connects after it is refused.
      context.signal.addEventListener("abort", api.stopListening, { once: true });
      await folder.writeServer({ url: api.url, pid: process.pid });
    }
    if (options.worker) await runtime.worker.start();
    if (api) {
      output.print(`Footnote is ready at ${api.url} (API reference: ${api.url}/docs)`, { type: "ready", url: api.url, pid: process.pid });
    } else output.print("The worker is ready.", { type: "ready", pid: process.pid });
    if (options.demo && api && credentials) {
      const { adminKey, key } = credentials;
      await demo({ url: api.url, adminKey, key, folder, output, signal: context.signal });
    }
    await untilAborted(context.signal);
    if (terminal.stderr.isTTY) output.note("\nStopping: open requests end, running documents go back to their checkpoints…");
  } finally {
    await api?.drain({ graceMs: requestGraceMs });
    // On a Postgres server another process may serve from the same folder.
    if (api && (await folder.readServer())?.pid === process.pid) await folder.removeServer();
    await runtime.close({ graceMs: jobGraceMs });
  }
}

/** The options come before the environment. */
function chosenAddress({ host, port }: ServeOptions): Record<string, string> {
  return { ...(host ? { FOOTNOTE_HOST: host } : {}), ...(port === undefined ? {} : { FOOTNOTE_PORT: String(port) }) };
}

/** Opening the store takes seconds; that the port is taken is told before. */
async function checkPort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  const error = await new Promise<Error | null>((resolve) => {
    probe.once("error", resolve);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
  if (error)
    throw new FootnoteError(
      "configuration_invalid",
      `The server cannot listen on ${host}:${port}; stop what listens there, or choose another --port or --host.`,
      { cause: error },
    );
}

/** Makes the sample collection searchable, then says how to ask. What is searchable already is not ingested again. */
async function demo(options: {
  url: string;
  key: string;
  adminKey: string;
  folder: DataFolder;
  output: Output;
  signal: AbortSignal;
}): Promise<void> {
  const { url, key, adminKey, folder, output, signal } = options;
  const handbook = await findHandbook();
  if (!handbook)
    throw new FootnoteError(
      "configuration_invalid",
      "The sample documents (examples/handbook/documents) are missing; restore them or serve without --demo.",
    );
  const client = createClient({ url, key });
  try {
    const files = await findFiles([handbook.documents]);
    await ingestFiles({ client, collection: handbookCollection, files, output, prune: true, quiet: true, signal });
    const { question } = handbook;
    const demoFile = { url, key, adminKey, collection: handbookCollection, question };
    await folder.writeDemo(demoFile);
    const body = JSON.stringify({ question, collection: handbookCollection, stream: false });
    output.print(
      `
The sample handbook is searchable. Your key:

  ${key}

Ask it something:

  curl -s ${url}/v1/answers -H 'authorization: Bearer ${key}' -H 'content-type: application/json' \\
    -d '${body.replaceAll("'", "'\\''")}'

or, in another terminal:  npm run ask -- "${question}"`,
      { type: "demo", ...demoFile },
    );
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
