import type { AddressInfo, Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type HttpBindings, serve } from "@hono/node-server";
import { FootnoteError } from "@footnote/core";
import type { Api } from "./create-api.ts";

export interface ServedApi {
  url: string;
  host: string;
  port: number;
  /** Closes the port at once, and connections that have asked nothing yet; open requests go on. */
  stopListening(): void;
  /** Closes the port, waits up to `graceMs` (default 0) for open ones, then cuts them: a server with an open stream never closes by itself. */
  close(options?: { graceMs?: number }): Promise<void>;
}

/** Serves the app over HTTP. Port 0 takes a free one. Throws `configuration_invalid` when it cannot listen. */
export async function serveApi(options: { app: Api["app"]; host: string; port: number }): Promise<ServedApi> {
  const { app, host, port } = options;
  // Connections whose first request has not begun; Node does not count them as idle.
  const silent = new Set<Socket>();
  type Bindings = { incoming: Pick<HttpBindings["incoming"], "socket"> };
  const fetch = (request: Request, bindings: Bindings) =>
    silent.has(bindings.incoming.socket) ? fetchFirst(request, bindings) : app.fetch(request, bindings);
  /** Of a turn of the loop, requests come before signals. So a first request waits a turn: a signal to stop that came before it goes first. */
  async function fetchFirst(request: Request, bindings: Bindings): Promise<Response> {
    const { socket } = bindings.incoming;
    await nextTurn();
    silent.delete(socket);
    return socket.destroyed ? new Response(null, { status: 503 }) : await app.fetch(request, bindings);
  }
  const server = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
    const made = serve(
      {
        fetch,
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
  server.on("connection", (socket: Socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  let closed: Promise<void> | undefined;
  function stopListening(): Promise<void> {
    closed ??= new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of silent) socket.destroy();
    return closed;
  }
  async function close(graceMs: number): Promise<void> {
    const ended = stopListening();
    if ("closeIdleConnections" in server) server.closeIdleConnections();
    const timer = setTimeout(() => {
      if ("closeAllConnections" in server) server.closeAllConnections();
    }, graceMs);
    await ended;
    clearTimeout(timer);
  }
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    host,
    port: bound,
    stopListening: () => void stopListening(),
    close: ({ graceMs = 0 } = {}) => close(graceMs),
  };
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}
