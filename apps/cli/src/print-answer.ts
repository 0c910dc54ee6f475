import type { ApiAnswerEvent, ApiCitation } from "./client.ts";
import type { Output } from "./output.ts";

export const unsupportedSentence = "The documents do not hold an answer to this question.";

/**
 * Prints an answer as it comes: each sentence with the numbers of its footnotes, then the footnotes with title, page and
 * quote. Returns how it ended.
 */
export async function printAnswer(events: AsyncIterable<ApiAnswerEvent>, output: Output): Promise<{ finishReason: string }> {
  const footnotes = new Map<number, { label: string; quotes: Set<string> }>();
  let sentence = "";
  let markers: number[] = [];
  let finishReason = "error";
  let wrote = false;
  const flush = () => {
    if (sentence === "") return;
    const body = sentence.trimEnd();
    const fresh = markers.filter((marker) => !body.includes(`[${marker}]`));
    output.write(body + fresh.map((marker) => ` [${marker}]`).join("") + sentence.slice(body.length));
    wrote = true;
    sentence = "";
    markers = [];
  };
  for await (const event of events) {
    if (output.json) output.print("", event);
    if (isTextDelta(event)) {
      flush();
      sentence = event.text;
    } else if (isCitation(event)) {
      if (!markers.includes(event.marker)) markers.push(event.marker);
      const { title, page, url } = event.source;
      const label = [title ?? url ?? event.source.documentId, page ? `page ${page}` : ""].filter(Boolean).join(", ");
      const footnote = footnotes.get(event.marker) ?? { label, quotes: new Set<string>() };
      footnote.quotes.add(event.quote.replace(/\s+/gu, " ").trim());
      footnotes.set(event.marker, footnote);
    } else if (isEnd(event)) finishReason = event.finishReason;
    else if (event.type === "claim" || event.type === "error") flush();
  }
  flush();
  if (finishReason === "unsupported") {
    output.write(`${wrote ? "\n" : ""}${unsupportedSentence}\n`);
    return { finishReason };
  }
  output.write("\n");
  if (footnotes.size > 0) output.write("\n");
  for (const [marker, { label, quotes }] of [...footnotes].sort(([a], [b]) => a - b)) {
    output.write(`[${marker}] ${label}\n`);
    for (const quote of quotes) output.write(`    “${quote}”\n`);
  }
  return { finishReason };
}

function isTextDelta(event: ApiAnswerEvent): event is ApiAnswerEvent & { type: "text-delta"; text: string } {
  return event.type === "text-delta";
}
function isCitation(event: ApiAnswerEvent): event is ApiAnswerEvent & ApiCitation & { type: "citation" } {
  return event.type === "citation";
}
function isEnd(event: ApiAnswerEvent): event is ApiAnswerEvent & { type: "answer-end"; finishReason: string } {
  return event.type === "answer-end";
}
