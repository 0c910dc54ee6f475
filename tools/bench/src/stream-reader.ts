/** Worker thread of `stream.ts`: reads a URL for some milliseconds after its first byte and answers with bytes per second. */
import { get } from "node:http";
import { parentPort } from "node:worker_threads";

if (!parentPort) throw new Error("stream-reader.ts runs as a worker thread");
const port = parentPort;
const answer = (bytesPerSecond: number) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  port.postMessage(bytesPerSecond);
};
port.on("message", ({ url, ms }: { url: string; ms: number }) => {
  let bytes = 0;
  let began = 0;
  const request = get(url, { agent: false }, (response) => {
    response.on("data", (chunk: Buffer) => {
      if (began === 0) {
        began = performance.now();
        setTimeout(() => {
          answer(bytes / ((performance.now() - began) / 1000));
          request.destroy();
        }, ms);
      } else bytes += chunk.length;
    });
    response.on("error", () => {});
  });
  request.on("error", () => {});
});
