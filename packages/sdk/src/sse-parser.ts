import { createParser } from "eventsource-parser";

export interface ServerSentEvent {
  event: string;
  data: string;
  /** The last id that the stream named; empty before the first. */
  id: string;
}

/** Characters that may come without ending an event: a server that never ends one must not keep the client reading. */
const maxEventLength = 16 * 1024 * 1024;

/**
 * Server-sent events of a byte stream (WHATWG HTML, 9.2.6). An event that the end of the stream cuts off is dropped, as browsers do.
 * Stopping early cancels the stream. Throws a RangeError when an event has no end.
 */
export async function* parseEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const events: ServerSentEvent[] = [];
  let id = "";
  let open = 0;
  const parser = createParser({
    onId: (last) => void (id = last),
    onEvent: ({ event = "message", data }) => void events.push({ event, data, id }),
    onComment: () => void (open = 0),
  });
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const text = decoder.decode(read.value, { stream: true });
      open += text.length;
      parser.feed(text);
      if (events.length > 0) open = 0;
      yield* events.splice(0);
      if (open > maxEventLength) throw new RangeError("A server-sent event is longer than 16 MiB.");
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
