import type { AnswerEvent } from "@footnote/core";
import { defaultProblem, encodeEvents, type EventStreamOptions, type ServerEvent } from "./event-stream.ts";

export interface AnswerStreamOptions extends EventStreamOptions {
  /** An event as the wire schema has it. Default: the event's own fields under its type; an error as `{ problem }`. */
  toWire?(event: AnswerEvent): ServerEvent;
}

/** Native server-sent events of an answer (DESIGN §7). Give the answer's own AbortController as `onCancel: () => controller.abort()`. */
export function encodeServerSentEvents(events: AsyncIterable<AnswerEvent>, options: AnswerStreamOptions = {}): ReadableStream<Uint8Array> {
  const { toWire, ...rest } = options;
  const toProblem = rest.toProblem ?? defaultProblem;
  const encode =
    toWire ??
    ((event: AnswerEvent): ServerEvent => {
      if (event.type === "error") return { event: "error", data: { problem: toProblem(event.error) } };
      const { type, ...data } = event;
      return { event: type, data };
    });
  return encodeEvents(events, encode, rest);
}
