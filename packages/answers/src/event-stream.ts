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
const comment = encoder.encode(":\n\n");

function frame({ event, data, id }: ServerEvent): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

export const defaultProblem = (error: FootnoteError): unknown => ({ code: error.code, title: error.message });

/**
 * Server-sent events of an async iterable. The source is read only when the reader asks (a paused reader holds one event,
 * whatever the source could give); events that are ready together travel in one chunk. A reader that leaves ends the source.
 */
export function createEventStream(events: AsyncIterable<ServerEvent>, options: EventStreamOptions = {}): ReadableStream<Uint8Array> {
  return encodeEvents(events, (event) => event, options);
}

/** `createEventStream` with the events made on the way: one generator less for each event to pass through. */
export function encodeEvents<T>(
  events: AsyncIterable<T>,
  toEvent: (event: T) => ServerEvent,
  options: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const { heartbeatMs = 15_000, signal, onCancel, toProblem = defaultProblem } = options;
  const iterator = events[Symbol.asyncIterator]();
  let batch = "";
  /** Settles the reader's pull; null while nobody reads. */
  let answerPull: (() => void) | null = null;
  let asked = false;
  let ended = false;
  let flushing: NodeJS.Immediate | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  function problemFrame(error: unknown): string {
    return frame({ event: "error", data: { problem: toProblem(toFootnoteError(error)) } });
  }

  function flush(): void {
    clearImmediate(flushing);
    flushing = undefined;
    if (answerPull === null) return;
    if (batch !== "") controller?.enqueue(encoder.encode(batch));
    batch = "";
    if (ended) controller?.close();
    answerPull();
    answerPull = null;
  }

  function finish(): void {
    ended = true;
    clearTimeout(heartbeat);
    signal?.removeEventListener("abort", stop);
    flush();
  }

  function stop(): void {
    if (ended) return;
    finish();
    onCancel?.();
    // Not awaited: it waits for the step that is under way.
    iterator.return?.()?.catch(() => {});
  }

  function ask(): void {
    if (asked || ended) return;
    asked = true;
    iterator.next().then(onResult, onFailure);
  }

  function onResult(result: IteratorResult<T, unknown>): void {
    asked = false;
    if (ended) return;
    if (result.done) return finish();
    try {
      batch += frame(toEvent(result.value));
    } catch (error) {
      // A source that yields what JSON cannot hold must not leave the reader waiting.
      batch += problemFrame(error);
      return stop();
    }
    if (answerPull === null) return;
    if (batch.length >= batchCharacters) return flush();
    // Whatever else is ready comes in microtasks, before the immediate.
    flushing ??= setImmediate(flush);
    ask();
  }

  function onFailure(error: unknown): void {
    asked = false;
    if (ended) return;
    batch += problemFrame(error);
    finish();
  }

  function beat(): void {
    if (ended) return;
    if (answerPull !== null && batch === "") {
      controller?.enqueue(comment);
      answerPull();
      answerPull = null;
    }
    heartbeat?.refresh();
  }

  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();

  return new ReadableStream<Uint8Array>(
    {
      pull(given) {
        controller = given;
        return new Promise<void>((resolve) => {
          answerPull = resolve;
          if (ended) return flush();
          heartbeat = heartbeat?.refresh() ?? setTimeout(beat, heartbeatMs).unref();
          if (batch !== "") flushing ??= setImmediate(flush);
          ask();
        });
      },
      cancel() {
        answerPull = null;
        stop();
      },
    },
    { highWaterMark: 0 },
  );
}
