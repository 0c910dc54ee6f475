import type { TenantActor, UsageMeter } from "@footnote/core";
import { usageEntries } from "@footnote/tenancy";
import type { ServiceContext } from "./service-context.ts";
import type { VerbCall } from "./verb.ts";

/** Writes what a call used into the ledger. What was asked for is not lost for a failure: that is logged. */
export async function recordUsage(
  { store, telemetry }: Pick<ServiceContext, "store" | "telemetry">,
  { actor, requestId }: VerbCall<TenantActor>,
  used: { kind: "search" | "answer"; meter: UsageMeter },
): Promise<void> {
  const { kind, meter } = used;
  try {
    await store.usage.record(actor.tenantId, usageEntries({ requestId, kind, used: meter.used() }));
  } catch (error) {
    telemetry.logger.error(
      { requestId, tenant: actor.tenantId },
      `the usage of a${kind === "answer" ? "n" : ""} ${kind} was not recorded`,
      error,
    );
  }
}
