import type { Clock, Telemetry } from "@footnote/core";
import type { Store } from "@footnote/storage";

export interface IndexMaintenance {
  /** One round over the tenants with work; returns how many were served. */
  runOnce(signal?: AbortSignal): Promise<number>;
  start(): void;
  stop(): Promise<void>;
}

/** Folds postings and statistics in the background, a tenant at a time. */
export function createIndexMaintenance(options: {
  store: Pick<Store, "routing" | "maintainIndex">;
  clock: Clock;
  telemetry: Telemetry;
  /** Default 5,000. */
  everyMs?: number;
}): IndexMaintenance {
  const { store, clock, telemetry, everyMs = 5000 } = options;
  const logger = telemetry.logger.child({ component: "index-maintenance" });
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;

  async function runOnce(signal?: AbortSignal): Promise<number> {
    const tenants = await store.routing.tenantsWithIndexWork(20);
    for (const tenantId of tenants) {
      if (signal?.aborted) break;
      await store.maintainIndex(tenantId);
    }
    return tenants.length;
  }

  return {
    runOnce,
    start() {
      loop ??= (async () => {
        while (!stopping.signal.aborted) {
          await clock.sleep(everyMs, stopping.signal).catch(() => {});
          if (stopping.signal.aborted) return;
          await runOnce(stopping.signal).catch((error: unknown) => {
            if (!stopping.signal.aborted) logger.error({}, "index maintenance failed; trying again", error);
          });
        }
      })();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
