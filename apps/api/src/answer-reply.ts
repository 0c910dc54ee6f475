import { encodeServerSentEvents } from "@footnote/answers";
import { type Answer, type AnswerEvent, FootnoteError } from "@footnote/core";
import { type Asked, wholeAnswer } from "@footnote/service";
import { eventStreamHeaders } from "./event-stream-headers.ts";
import { toProblem } from "./problem.ts";
import type { Call } from "./route.ts";

type AskCall = Pick<Call<unknown, unknown, unknown, unknown>, "request" | "idempotency" | "holdOpen">;

/**
 * The events of an answer as a request's reply: the request stays open until they end, and its Idempotency-Key is kept with the answer's id
 * before the last event is sent, or given up where nothing was stored.
 */
export function replyingEvents(asked: Asked, { idempotency, holdOpen }: AskCall): AsyncIterable<AnswerEvent> {
  return replying(asked, { idempotency, release: holdOpen() });
}

async function* replying(
  asked: Asked,
  { idempotency, release }: Pick<AskCall, "idempotency"> & { release(): void },
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

/** The whole answer. Throws the error that ended it. */
export async function repliedAnswer(asked: Asked, call: AskCall): Promise<Answer> {
  const answer = await wholeAnswer({ ...asked, events: replyingEvents(asked, call) });
  if (call.request.signal.aborted) throw new FootnoteError("cancelled", "The client left before the answer was complete.");
  return answer;
}

/** Native server-sent events. */
export function answerStream(
  events: AsyncIterable<AnswerEvent>,
  { requestId, onCancel }: { requestId: string; onCancel?: () => void },
): Response {
  const stream = encodeServerSentEvents(events, {
    toProblem: (error) => toProblem(error, requestId),
    ...(onCancel ? { onCancel } : {}),
  });
  return new Response(stream, { headers: eventStreamHeaders });
}
