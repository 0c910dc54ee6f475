import { type FootnoteError, toFootnoteError } from "@footnote/core";

/** One server-sent event: `data` is sent as JSON. */
export interface ServerEvent {
  event: string;
  data: unknown;
  id?: string;
}

export interface EventStreamOptions {
  /** Milliseconds without an event after which a comment is sent, so that no proxy closes the connection. Default 15,000. */
  heartbeatMs?: number;
  /** Ends the stream at once when it fires. */
  signal?: AbortSignal;
  /** Called once when the reader goes away or the signal fires, before the source's `return`: a generator that waits hears only this. */
  onCancel?(): void;
  /** Body of the `error` event that ends a stream whose source throws. Default: code and message; an unknown error becomes `internal`. */
  toProblem?(error: FootnoteError): unknown;
}

const encoder = new TextEncoder();
/** Enough to fill a packet several times; a frame is never cut. */
const batchCharacters = 16_384;
/** Turns of the microtask queue within which an event counts as ready; a generator nested three deep needs about ten. */
const readyTurns = 16;
const turnOfQueue = Promise.resolve();
const comment = encoder.encode(":\n\n");

function frame({ event, data, id }: ServerEvent): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

export const defaultProblem = (error: FootnoteError): unknown => ({ code: error.code, title: error.message });

/**
 * Server-sent events of an async iterable. The source is read only when the reader asks (a paused reader holds one batch and one
 * event, whatever the source could give); events that are ready together travel in one chunk. A reader that leaves ends the source.
 */
export function createEventStream(events: AsyncIterable<ServerEvent>, options: EventStreamOptions = {}): ReadableStream<Uint8Array> {
  const { heartbeatMs = 15_000, signal, onCancel, toProblem = defaultProblem } = options;
  const iterator = events[Symbol.asyncIterator]();
  type Step = { type: "event"; value: ServerEvent } | { type: "done" } | { type: "failed"; error: unknown };
  /** The step that was asked for, and its outcome once it is there. */
  let asked: Promise<void> | null = null;
  let step: Step | null = null;
  let ended = false;
  let wake: () => void = () => {};

  function ask(): void {
    asked ??= (async () => {
      try {
        const result = await iterator.next();
        step = result.done ? { type: "done" } : { type: "event", value: result.value };
      } catch (error) {
        step = { type: "failed", error };
      }
    })();
  }

  /** The outcome of the step that was asked for, when it comes within a few turns of the microtask queue. */
  async function ready(): Promise<Step | null> {
    ask();
    for (let turn = 0; turn < readyTurns; turn++) {
      if (step !== null) break;
      await turnOfQueue;
    }
    return take();
  }

  function take(): Step | null {
    const taken = step;
    if (taken) {
      step = null;
      asked = null;
    }
    return taken;
  }

  function stop(): void {
    if (ended) return;
    ended = true;
    signal?.removeEventListener("abort", stop);
    wake();
    onCancel?.();
    // Not awaited: it waits for the step that is under way.
    iterator.return?.()?.catch(() => {});
  }

  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let batch = "";
        while (!ended && batch.length < batchCharacters) {
          let next = await ready();
          if (next === null) {
            if (batch !== "") break;
            const waited = await waitFor(asked, heartbeatMs, (resolve) => (wake = resolve));
            if (ended) break;
            if (waited === "timeout" && step === null) {
              controller.enqueue(comment);
              return;
            }
            next = take();
            if (next === null) continue;
          }
          if (next.type === "event") {
            try {
              batch += frame(next.value);
            } catch (error) {
              // A source that yields what JSON cannot hold must not leave the reader waiting.
              batch += frame({ event: "error", data: { problem: toProblem(toFootnoteError(error)) } });
              stop();
            }
            continue;
          }
          if (next.type === "failed") batch += frame({ event: "error", data: { problem: toProblem(toFootnoteError(next.error)) } });
          ended = true;
          signal?.removeEventListener("abort", stop);
        }
        if (batch !== "") controller.enqueue(encoder.encode(batch));
        if (ended) controller.close();
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  );
}

async function waitFor(step: Promise<void> | null, ms: number, onWake: (resolve: () => void) => void): Promise<"step" | "timeout"> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<"step" | "timeout">((resolve) => {
      timer = setTimeout(() => resolve("timeout"), ms);
      onWake(() => resolve("step"));
      step?.then(() => resolve("step")).catch(() => {});
    });
  } finally {
    clearTimeout(timer);
  }
}
