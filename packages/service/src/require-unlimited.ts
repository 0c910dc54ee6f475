import { FootnoteError, type TenantActor } from "@footnote/core";

/** What concerns the whole tenant is not for an actor that is limited to some of its collections. */
export function requireUnlimited({ collections }: TenantActor): void {
  if (collections === null) return;
  throw new FootnoteError("forbidden", "This key is limited to collections; the tenant's keys and audit need one that is not.");
}
