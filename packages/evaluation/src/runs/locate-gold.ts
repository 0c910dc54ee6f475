import { FootnoteError } from "@footnote/core";
import { locateQuote } from "../datasets/locate-quote.ts";
import type { EvalCase } from "../datasets/eval-case.ts";
import type { GoldSpan } from "../metrics/case-result.ts";

/** Where the quotes of a case stand. Throws `invalid_request` for a document that is not there and a quote that does not stand in it exactly once. */
export async function locateGold(
  { id, spans }: Pick<EvalCase, "id" | "spans">,
  readDocument: (externalId: string) => Promise<string | null>,
): Promise<GoldSpan[]> {
  const gold: GoldSpan[] = [];
  for (const { document, quote, part = 1 } of spans) {
    const text = await readDocument(document);
    if (text === null) {
      throw new FootnoteError(
        "invalid_request",
        `Case ${id} names the document ${document}, which is not there; ingest it or mend the case.`,
      );
    }
    const span = locateQuote(text, quote);
    if (!span)
      throw new FootnoteError("invalid_request", `Case ${id}: its quote does not stand exactly once in ${document}; mend the case.`);
    gold.push({ document, part, ...span });
  }
  return gold;
}
