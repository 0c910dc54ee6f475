import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { FootnoteError } from "@footnote/core";
import type { Api } from "./create-api.ts";

export interface ServedApi {
  url: string;
  host: string;
  port: number;
  /** Takes no new connection, waits up to `graceMs` (default 0) for open ones, then cuts them: a server with an open stream never closes by itself. */
  close(options?: { graceMs?: number }): Promise<void>;
}

/** Serves the app over HTTP. Port 0 takes a free one. Throws `configuration_invalid` when it cannot listen. */
export async function serveApi(options: { app: Api["app"]; host: string; port: number }): Promise<ServedApi> {
  const { app, host, port } = options;
  const server = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
    const made = serve(
      {
        fetch: app.fetch,
        hostname: host,
        port,
        serverOptions: {
          // Slow clients: heads within 15 s, whole requests within 5 min, idle connections go after 10 s.
          headersTimeout: 15_000,
          requestTimeout: 300_000,
          keepAliveTimeout: 10_000,
          connectionsCheckingInterval: 5_000,
        },
      },
      () => resolve(made),
    );
    made.once("error", (error) =>
      reject(
        new FootnoteError(
          "configuration_invalid",
          `The server cannot listen on ${host}:${port}; choose another FOOTNOTE_HOST or FOOTNOTE_PORT.`,
          { cause: error },
        ),
      ),
    );
  });
  const bound = portOf(server.address());
  async function close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    if ("closeIdleConnections" in server) server.closeIdleConnections();
    const timer = setTimeout(() => {
      if ("closeAllConnections" in server) server.closeAllConnections();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    host,
    port: bound,
    close: ({ graceMs = 0 } = {}) => close(graceMs),
  };
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}
