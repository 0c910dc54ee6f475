import type { StepUsage } from "@footnote/core";
import type { UsageEntry } from "@footnote/storage";

/** Ledger rows of what a request used. Local models cost nothing and are counted all the same. */
export function usageEntries(request: { requestId: string; kind: "search" | "answer"; used: readonly StepUsage[] }): UsageEntry[] {
  const { requestId, kind, used } = request;
  return used.map(({ stage, model, inputTokens, outputTokens, usd }) => ({
    requestId,
    kind,
    stage,
    model,
    inputTokens,
    outputTokens,
    costUsd: decimal(usd),
  }));
}

/** A dollar amount without an exponent. */
function decimal(amount: number): string {
  return amount === 0 ? "0" : amount.toFixed(12).replace(/\.?0+$/, "");
}
