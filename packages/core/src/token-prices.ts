import { z } from "zod";
import type { FootnoteError } from "./errors.ts";
import type { TokenPrices, TokenUsage } from "./ports/language-model.ts";

const usageInDetails = z.object({ promptTokens: z.number(), completionTokens: z.number(), cachedTokens: z.number() });

/** What a failed call of a model is said to have used: its error's `details.usage`, or nothing. */
export function usageOfFailure({ details }: FootnoteError): TokenUsage {
  const { data } = usageInDetails.safeParse(details["usage"]);
  return data ?? { promptTokens: 0, completionTokens: 0, cachedTokens: 0 };
}

/** US dollars of a call's tokens; no prices, no cost. */
export function usdOfTokens(prices: TokenPrices | undefined, usage: TokenUsage): number {
  if (prices === undefined) return 0;
  const { promptUsdPerMillion, completionUsdPerMillion, cachedUsdPerMillion = promptUsdPerMillion } = prices;
  // A provider that reports more cached than prompt tokens must not make a call cheaper than free.
  const cached = Math.min(usage.cachedTokens, usage.promptTokens);
  return (
    ((usage.promptTokens - cached) * promptUsdPerMillion +
      cached * cachedUsdPerMillion +
      usage.completionTokens * completionUsdPerMillion) /
    1_000_000
  );
}
