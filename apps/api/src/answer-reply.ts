import { encodeServerSentEvents } from "@footnote/answers";
import { type Answer, type AnswerEvent, FootnoteError, isId } from "@footnote/core";
import { type Asked, type AskInput, notFound, type Service, wholeAnswer } from "@footnote/service";
import { eventsOf } from "@footnote/service/wire";
import { z } from "zod";
import { eventStreamHeaders } from "./event-stream-headers.ts";
import { toProblem } from "./problem.ts";
import { parseJson } from "./request-body.ts";
import { json } from "./route.ts";
import type { Call } from "./route-definition.ts";

interface StreamOptions {
  requestId: string;
  /** Stops the work: the reader has left. */
  onCancel?: () => void;
}

/** How a body asks, and how its format shows an answer. */
export interface AskFormat<B> {
  question(body: B): AskInput;
  isStreamed(body: B): boolean;
  toReply(answer: Answer): unknown;
  toStream(events: AsyncIterable<AnswerEvent>, options: StreamOptions): Response;
}

type AskCall<B> = Call<AskInput, Asked, unknown, B>;

const keptReply = z.object({ id: z.string() });

/** What a route that asks does with a request, whatever its format: one reply or a stream, repeated for an Idempotency-Key. */
export function asking<B>(service: Pick<Service, "readAnswer">, format: AskFormat<B>) {
  return {
    creates: {
      manual: true,
      async replay(kept: string, { actor, body, requestId }: AskCall<B>): Promise<Response> {
        const { id } = keptReply.parse(parseJson(kept, "The kept reply"));
        if (!isId("answer", id)) throw notFound();
        const answer = await service.readAnswer(actor, { answerId: id }, { requestId });
        return format.isStreamed(body) ? format.toStream(eventsOf(answer), { requestId }) : json(format.toReply(answer));
      },
    },
    async handler(call: AskCall<B>): Promise<Response> {
      const { body, request, requestId } = call;
      const left = new AbortController();
      const asked = await call.run(format.question(body), left.signal);
      const events = replying(asked, { idempotency: call.idempotency, release: call.holdOpen() });
      if (format.isStreamed(body)) return format.toStream(events, { requestId, onCancel: () => left.abort() });
      const answer = await wholeAnswer({ ...asked, events });
      if (request.signal.aborted) throw new FootnoteError("cancelled", "The client left before the answer was complete.");
      return json(format.toReply(answer));
    },
  };
}

/** An Idempotency-Key is kept with the answer's id before the last event is sent, or given up where nothing was stored. */
async function* replying(
  asked: Asked,
  { idempotency, release }: Pick<AskCall<unknown>, "idempotency"> & { release(): void },
): AsyncGenerator<AnswerEvent, void, undefined> {
  let kept = idempotency === null;
  async function keep(): Promise<void> {
    if (kept || !asked.stored()) return;
    await idempotency?.complete({ status: 200, body: JSON.stringify({ id: asked.id }) });
    kept = true;
  }
  try {
    for await (const event of asked.events) {
      if (event.type === "answer-end") await keep();
      yield event;
    }
  } finally {
    release();
    await keep();
    if (!kept) await idempotency?.abandon().catch(() => undefined);
  }
}

/** Native server-sent events. */
export function answerStream(events: AsyncIterable<AnswerEvent>, { requestId, onCancel }: StreamOptions): Response {
  const stream = encodeServerSentEvents(events, {
    toProblem: (error) => toProblem(error, requestId),
    ...(onCancel ? { onCancel } : {}),
  });
  return new Response(stream, { headers: eventStreamHeaders });
}
