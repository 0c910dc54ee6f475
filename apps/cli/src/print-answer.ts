import type { AnswerEvent } from "@footnote/sdk";
import type { Output } from "@footnote/terminal";

export const unsupportedSentence = "The documents do not hold an answer to this question.";

/**
 * Prints an answer as it comes: each sentence with the numbers of its footnotes, then the footnotes with title, page and
 * quote. Returns how it ended.
 */
export async function printAnswer(events: AsyncIterable<AnswerEvent>, output: Output): Promise<{ finishReason: string }> {
  const footnotes = new Map<number, { label: string; quotes: Set<string> }>();
  let sentence = "";
  let markers: number[] = [];
  let finishReason = "error";
  let said = false;
  const flush = () => {
    if (sentence === "") return;
    const body = sentence.trimEnd();
    const fresh = markers.filter((marker) => !body.includes(`[${marker}]`));
    output.write(body + fresh.map((marker) => ` [${marker}]`).join("") + sentence.slice(body.length));
    said = true;
    sentence = "";
    markers = [];
  };
  for await (const event of events) {
    if (output.json) output.print("", event);
    if (event.type === "text-delta") {
      flush();
      sentence = event.text;
    } else if (event.type === "citation") {
      if (!markers.includes(event.marker)) markers.push(event.marker);
      const { title, page, url } = event.source;
      const label = [title ?? url ?? event.source.documentId, page ? `page ${page}` : ""].filter(Boolean).join(", ");
      const footnote = footnotes.get(event.marker) ?? { label, quotes: new Set<string>() };
      footnote.quotes.add(event.quote.replace(/\s+/gu, " ").trim());
      footnotes.set(event.marker, footnote);
    } else if (event.type === "answer-end") finishReason = event.finishReason;
    else if (event.type === "claim" || event.type === "error") flush();
  }
  flush();
  if (finishReason === "unsupported") {
    // The model may have said so itself.
    output.write(said ? "\n" : `${unsupportedSentence}\n`);
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
