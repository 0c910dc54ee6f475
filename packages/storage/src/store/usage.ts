import type { TenantId } from "@footnote/core";

export interface UsageEntry {
  requestId: string;
  kind: "ingest" | "search" | "answer";
  /** embed, rerank, rewrite, transform, generate, parse. */
  stage: string;
  model: string;
  inputTokens: number;
  outputTokens: number;
  /** US dollars, decimal as text to keep it exact. */
  costUsd: string;
}

export interface UsageLedger {
  record(tenantId: TenantId, entries: readonly UsageEntry[]): Promise<void>;
  summary(
    tenantId: TenantId,
    range: { from: Date; to: Date },
  ): Promise<
    { kind: string; stage: string; model: string; inputTokens: number; outputTokens: number; costUsd: string; requests: number }[]
  >;
}
