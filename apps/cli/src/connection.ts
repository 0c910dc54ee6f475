import { FootnoteError, isFootnoteError } from "@footnote/core";
import { createClient, isFootnoteApiError } from "@footnote/sdk";
import type { Credentials, DataFolder } from "@footnote/server/data-folder";
import type { Environment } from "@footnote/server/env";
import type { FootnoteClient } from "@footnote/server/local-client";

export interface Connection {
  /** Works in the local tenant, with every scope. */
  client: FootnoteClient;
  /** Works as the operator; null where only a tenant's key is known. */
  operator: FootnoteClient | null;
  tenantId: string | null;
  /** Who works: another server, the one that holds the data folder, or this process. */
  where: "remote" | "server" | "here";
  close(): Promise<void>;
}

/** Whether a server or the store of this process does not have what was asked for. */
export const isNotFound = (error: unknown): boolean => (isFootnoteApiError(error) || isFootnoteError(error)) && error.code === "not_found";

/** The API says of an unknown collection what it says of another tenant's; at home it can be said plainly. */
export async function inCollection<T>(collection: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new FootnoteError(
      "not_found",
      `There is no collection ${collection}; make it from files: footnote ingest <path> --collection ${collection}`,
      { cause: error },
    );
  }
}

/** True when the process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The server that holds the data folder, when one answers. */
export async function findServer(folder: DataFolder): Promise<{ url: string; pid: number; credentials: Credentials } | null> {
  const [server, credentials] = await Promise.all([folder.readServer(), folder.readCredentials()]);
  if (!server || !credentials || !isAlive(server.pid)) return null;
  const client = createClient({ url: server.url });
  // A server that has just begun answers a moment later. In a container a file left by a crash names this very process.
  for (let i = 0; i < (server.pid === process.pid ? 1 : 20); i++) {
    if (
      await client.ready({ timeoutMs: 3000 }).then(
        (state) => state.status === "ready",
        () => false,
      )
    )
      return { ...server, credentials };
    if (!isAlive(server.pid)) return null;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return null;
}

/** FOOTNOTE_URL's server, else the one on this data folder, else the verbs of this process over the same store. */
export async function connect(options: {
  env: Environment;
  folder: DataFolder;
  /** The command will embed: load the model while the store opens. Default false. */
  warm?: boolean;
}): Promise<Connection> {
  const { env, folder, warm = false } = options;
  if (env.FOOTNOTE_URL) {
    if (!env.FOOTNOTE_KEY)
      throw new FootnoteError("configuration_invalid", "FOOTNOTE_URL is set without FOOTNOTE_KEY; set a key of that server.");
    const client = createClient({ url: env.FOOTNOTE_URL, key: env.FOOTNOTE_KEY });
    return {
      client,
      operator: env.FOOTNOTE_KEY.startsWith("fn_op_") ? client : null,
      tenantId: null,
      where: "remote",
      close: async () => {},
    };
  }
  const server = await findServer(folder);
  if (server) {
    const { url, credentials } = server;
    return {
      client: createClient({ url, key: credentials.key }),
      operator: createClient({ url, key: credentials.adminKey }),
      tenantId: credentials.tenantId,
      where: "server",
      close: async () => {},
    };
  }
  const { openRuntime } = await import("@footnote/server/compose");
  const runtime = await openRuntime({ env, folder, warm });
  await runtime.worker.start();
  const credentials = await runtime.credentials();
  return {
    client: runtime.client(credentials.key),
    operator: runtime.client(credentials.adminKey),
    tenantId: credentials.tenantId,
    where: "here",
    close: () => runtime.close({ graceMs: 5000 }),
  };
}
