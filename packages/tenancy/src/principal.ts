import { type CollectionId, FootnoteError, type KeyId, type TenantId } from "@footnote/core";
import type { Scope } from "@footnote/storage";

export interface TenantPrincipal {
  type: "tenant";
  tenantId: TenantId;
  keyId: KeyId;
  scopes: readonly Scope[];
  /** Null: every collection of the tenant. */
  collections: readonly CollectionId[] | null;
}
export interface OperatorPrincipal {
  type: "operator";
  keyId: KeyId;
}
export type Principal = TenantPrincipal | OperatorPrincipal;

/** The tenant behind a request that has the scope; throws `forbidden` otherwise. An operator's key is no tenant's key. */
export function requireScope(principal: Principal, scope: Scope): TenantPrincipal {
  if (principal.type === "operator") {
    throw new FootnoteError("forbidden", "An operator's key is only good for /v1/admin; use a key of the tenant.");
  }
  if (!principal.scopes.includes(scope)) {
    throw new FootnoteError("forbidden", `This key lacks the scope ${scope}; use one that has it.`, { details: { scope } });
  }
  return principal;
}

export function requireOperator(principal: Principal): OperatorPrincipal {
  if (principal.type === "operator") return principal;
  throw new FootnoteError("forbidden", "Only an operator's key is accepted here.");
}

/** Whether the key's allow-list has the collection. What it has not is answered like what does not exist. */
export function maySeeCollection(principal: TenantPrincipal, collectionId: CollectionId): boolean {
  return principal.collections === null || principal.collections.includes(collectionId);
}
