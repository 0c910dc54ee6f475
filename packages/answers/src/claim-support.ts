import type { ClaimSupport } from "@footnote/core";
import { isNegated, numberTokens } from "./number-tokens.ts";
import type { TermsOf } from "./terms.ts";

/** Shares of a sentence's distinct terms that its quotes hold. */
const supportedFrom = 0.7;
const partialFrom = 0.4;

/**
 * Whether quotes bear a sentence out, without a model: `supported` when at least 70 % of its terms stand in the quotes (or in
 * their titles and headings), every number does, and the nearest quote denies exactly when the sentence does. A number or a negation
 * that differs makes it `unsupported` however many words agree; 40 % of the terms make it `partial`.
 */
export function judgeSupport(options: {
  sentence: string;
  /** Best first. */
  quotes: readonly { text: string; context: string }[];
  terms: TermsOf;
}): ClaimSupport {
  const { sentence, quotes, terms } = options;
  const nearest = quotes[0];
  const wanted = new Set(terms(sentence).map(({ term }) => term));
  if (nearest === undefined || wanted.size === 0) return "unsupported";
  const body = quotes.map(({ text }) => text).join("\n");
  const context = quotes.map((quote) => quote.context).join("\n");
  const numbers = new Set([...numberTokens(body), ...numberTokens(context)]);
  if (numberTokens(sentence).some((number) => !numbers.has(number))) return "unsupported";
  if (isNegated(sentence) !== isNegated(nearest.text)) return "unsupported";
  const present = new Set(terms(`${body}\n${context}`).map(({ term }) => term));
  let found = 0;
  for (const term of wanted) if (present.has(term)) found += 1;
  const share = found / wanted.size;
  return share >= supportedFrom ? "supported" : share >= partialFrom ? "partial" : "unsupported";
}
