import { Writable } from "node:stream";
import type { Terminal } from "../output.ts";

/** A terminal that keeps what was written. */
export function fakeTerminal(isTTY = false): Terminal & { out(): string; err(): string } {
  const parts = { out: "", err: "" };
  const stream = (name: "out" | "err") =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          parts[name] += chunk.toString();
          done();
        },
      }),
      { isTTY, columns: 80 },
    );
  return { stdout: stream("out"), stderr: stream("err"), out: () => parts.out, err: () => parts.err };
}
