import { type Answer, type AnswerEvent, FootnoteError } from "@footnote/core";

/** An answer read to its end. Question and time are the asker's: they are not in the stream. */
export type CollectedAnswer = Omit<Answer, "question" | "createdAt">;

/** Reads an answer's events to the end. Throws the stream's error, or `internal` when the stream ends without `answer-end`. */
export async function collectAnswer(events: AsyncIterable<AnswerEvent>): Promise<CollectedAnswer> {
  let start: Extract<AnswerEvent, { type: "answer-start" }> | undefined;
  let end: Extract<AnswerEvent, { type: "answer-end" }> | undefined;
  const collected: Pick<Answer, "text" | "citations" | "claims" | "sources"> = { text: "", citations: [], claims: [], sources: [] };
  for await (const event of events) {
    switch (event.type) {
      case "answer-start":
        start = event;
        break;
      case "sources":
        collected.sources = event.hits;
        break;
      case "text-delta":
        collected.text += event.text;
        break;
      case "citation": {
        const { type: _type, ...citation } = event;
        collected.citations.push(citation);
        break;
      }
      case "claim": {
        const { type: _type, ...claim } = event;
        collected.claims.push(claim);
        break;
      }
      case "error":
        throw event.error;
      case "answer-end":
        end = event;
        break;
    }
  }
  if (start === undefined || end === undefined) {
    throw new FootnoteError("internal", "The answer's stream ended before its last event; ask again.");
  }
  const { type: _type, ...rest } = end;
  return {
    id: start.answerId,
    conversationId: start.conversationId,
    pipeline: start.pipeline,
    pipelineHash: start.pipelineHash,
    ...collected,
    ...rest,
  };
}
