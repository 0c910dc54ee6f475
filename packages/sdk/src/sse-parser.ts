export interface ServerSentEvent {
  event: string;
  data: string;
  id: string;
}

/** Longest event that is taken, in characters: a server that never ends one must not fill the memory. */
const maxEventLength = 16 * 1024 * 1024;

/**
 * Server-sent events of a byte stream (WHATWG HTML, 9.2.6): any chunking, `\n`, `\r` or `\r\n`, comments, many data
 * lines, a byte order mark. An event that the end of the stream cuts off is dropped, as browsers do. Stopping early
 * cancels the stream.
 */
export async function* parseEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  /** Up to here `rest` has no line end: a long line that comes in many pieces is looked through once. */
  let searched = 0;
  let event = "";
  let id = "";
  let data: string[] = [];
  let length = 0;
  let ended = false;
  try {
    while (!ended) {
      const read = await reader.read();
      ended = read.done;
      rest += ended ? decoder.decode() : decoder.decode(read.value, { stream: true });
      let from = 0;
      for (;;) {
        const end = lineEnd(rest, Math.max(from, searched), ended);
        if (end === null) break;
        const line = rest.slice(from, end.at);
        from = end.next;
        if (line === "") {
          if (data.length > 0) yield { event: event || "message", data: data.join("\n"), id };
          event = "";
          data = [];
          length = 0;
          continue;
        }
        length += line.length;
        const colon = line.indexOf(":");
        if (colon === 0) continue;
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
        if (field === "event") event = value;
        else if (field === "data") data.push(value);
        else if (field === "id" && !value.includes("\0")) id = value;
      }
      rest = rest.slice(from);
      searched = rest.endsWith("\r") ? rest.length - 1 : rest.length;
      if (rest.length + length > maxEventLength) throw new RangeError("A server-sent event is longer than 16 MiB.");
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The next line end at or after `from`; a `\r` at the very end waits for what follows, which may be its `\n`. */
function lineEnd(text: string, from: number, ended: boolean): { at: number; next: number } | null {
  const ends = /[\r\n]/g;
  ends.lastIndex = from;
  const at = ends.exec(text)?.index;
  if (at === undefined) return null;
  if (text[at] === "\n") return { at, next: at + 1 };
  if (at + 1 === text.length && !ended) return null;
  return { at, next: text[at + 1] === "\n" ? at + 2 : at + 1 };
}
