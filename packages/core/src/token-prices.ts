import type { TokenPrices, TokenUsage } from "./ports/language-model.ts";

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
