import type { ActorRef, DocumentId, TenantId } from "@footnote/core";

export interface Idempotency {
  /** `started`: go on and complete; `replay`: the stored reply; `mismatch`, `in-progress`. Kept 24 h; an in-progress row older than 60 s may be taken over. */
  begin(
    scope: { tenantId: TenantId | null; actor: ActorRef },
    key: string,
    requestSha256: string,
  ): Promise<{ type: "started" } | { type: "replay"; status: number; body: string } | { type: "mismatch" } | { type: "in-progress" }>;
  complete(
    scope: { tenantId: TenantId | null; actor: ActorRef },
    key: string,
    reply: { status: number; body: string; documentId?: DocumentId },
  ): Promise<void>;
  abandon(scope: { tenantId: TenantId | null; actor: ActorRef }, key: string): Promise<void>;
}
