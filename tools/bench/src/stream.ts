import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { serve } from "@hono/node-server";
import { encodeServerSentEvents } from "@footnote/answers";
import type { AnswerEvent } from "@footnote/core";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { median } from "./measure.ts";

const text = "The boiler is guaranteed for seven years. [1] ";

async function* deltas(signal: AbortSignal): AsyncGenerator<AnswerEvent> {
  while (!signal.aborted) yield { type: "text-delta", text };
}

const frameBytes = Buffer.byteLength(`event: text-delta\ndata: ${JSON.stringify({ text })}\n\n`);

/**
 * Events per second over HTTP on the loopback, one reader in a thread of its own, source always ready: our encoder twice (the
 * difference is the noise) and Hono's `streamSSE` with awaited writes, in turn for five rounds. The ratio is the median over the rounds.
 */
export async function benchStream(options: { seconds: number; log: (line: string) => void }): Promise<{ ratio: number; control: number }> {
  const { seconds, log } = options;
  const app = new Hono();
  for (const path of ["/encoder", "/control"]) {
    app.get(path, () => {
      const left = new AbortController();
      const stream = encodeServerSentEvents(deltas(left.signal), { onCancel: () => left.abort() });
      return new Response(stream, { headers: { "content-type": "text/event-stream" } });
    });
  }
  app.get("/stream-sse", (context) =>
    streamSSE(context, async (stream) => {
      const left = new AbortController();
      stream.onAbort(() => left.abort());
      for await (const event of deltas(left.signal)) {
        const { type, ...data } = event;
        await stream.writeSSE({ event: type, data: JSON.stringify(data) });
      }
    }),
  );
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  if (!server.listening) await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the benchmark's server has no port");
  const { port } = address;
  const reader = new Worker(new URL("./stream-reader.ts", import.meta.url));
  const read = async (path: string, ms: number): Promise<number> => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    reader.postMessage({ url: `http://127.0.0.1:${port}${path}`, ms });
    const [bytesPerSecond] = await once(reader, "message");
    return Number(bytesPerSecond) / frameBytes;
  };
  const paths = ["/encoder", "/stream-sse", "/control"];
  const rates = new Map<string, number[]>(paths.map((path) => [path, []]));
  try {
    for (const path of paths) await read(path, 300);
    for (let round = 0; round < 5; round++) {
      for (const path of paths) rates.get(path)?.push(await read(path, (seconds * 1000) / 5));
    }
  } finally {
    await reader.terminate();
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  }
  const ratioTo = (path: string, peer: string) =>
    median((rates.get(path) ?? []).map((rate, round) => rate / (rates.get(peer)?.[round] ?? Number.NaN)));
  for (const path of paths) log(`${path.slice(1).padEnd(12)} ${Math.round(median(rates.get(path) ?? [])).toLocaleString("en")} events/s`);
  const ratio = ratioTo("/encoder", "/stream-sse");
  const control = ratioTo("/encoder", "/control");
  log(`encoder / streamSSE ${ratio.toFixed(2)}× (goal 6×); A/A control ${control.toFixed(2)}×`);
  return { ratio, control };
}
