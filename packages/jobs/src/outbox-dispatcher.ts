import { createWakeSignal } from "@footnote/core";
import type { Clock, Telemetry } from "@footnote/core";
import type { OutboxRow, Store } from "@footnote/storage";

/** Where the rows of one topic go. */
export interface OutboxTopic {
  /** At least once; rows stay for a later try where it throws. */
  deliver(rows: readonly OutboxRow[]): Promise<void>;
  /** Delivers again what was lost after its delivery and has shown no sign of life for `staleMs`. */
  recover?(staleMs: number): Promise<void>;
}

export interface OutboxDispatcherOptions {
  store: Pick<Store, "routing">;
  topics: ReadonlyMap<string, OutboxTopic>;
  clock: Clock;
  telemetry: Telemetry;
  /** Rows claimed at once. Default 100. */
  batchSize?: number;
  /** How long a claim holds before another process may take the row. Default 30,000. */
  leaseMs?: number;
  /** Fallback when nobody wakes it: rows written by other processes. Default 1,000. */
  pollMs?: number;
  /** How often topics look for what a crash left behind. Default 15,000. */
  recoverEveryMs?: number;
  /** Age of a heartbeat from which work counts as left behind. Default 15,000. */
  staleMs?: number;
  /** The same at start; 0 where no other process can be working (embedded mode). Default: staleMs. */
  staleAtStartMs?: number;
}

export interface OutboxDispatcher {
  /** Looks at the outbox now. */
  wake(): void;
  /** Recovers what a crash left behind, then goes on in the background. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Carries what transactions left in the outbox to where its topic says, and lets topics find what was lost with a process: at least once, in any
 * process that knows the topic.
 */
export function createOutboxDispatcher(options: OutboxDispatcherOptions): OutboxDispatcher {
  const { store, topics, clock, telemetry } = options;
  const { batchSize = 100, leaseMs = 30_000, pollMs = 1000, recoverEveryMs = 15_000, staleMs = 15_000 } = options;
  const logger = telemetry.logger.child({ component: "outbox" });
  const wakeSignal = createWakeSignal();
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;

  async function recover(stale: number): Promise<void> {
    for (const topic of topics.values()) await topic.recover?.(stale);
  }

  async function dispatch(): Promise<number> {
    const rows = await store.routing.claimOutbox({ topics: [...topics.keys()], limit: batchSize, leaseMs });
    // One topic that refuses keeps its own rows only; they come again when their claim has ended.
    let refusal: unknown;
    for (const [name, topic] of topics) {
      const own = rows.filter((row) => row.topic === name);
      if (own.length === 0) continue;
      try {
        await topic.deliver(own);
        // A crash between the two delivers twice.
        await store.routing.completeOutbox(own.map(({ id }) => id));
      } catch (error) {
        refusal ??= error;
      }
    }
    if (refusal !== undefined) throw refusal;
    return rows.length;
  }

  async function run(): Promise<void> {
    let recovered = clock.now();
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        if (clock.now() - recovered >= recoverEveryMs) {
          recovered = clock.now();
          await recover(staleMs);
        }
        const moved = await dispatch();
        failures = 0;
        if (moved < batchSize) await wakeSignal.wait(pollMs, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (++failures === 1) logger.error({}, "the outbox could not be read; trying again", error);
        await wakeSignal.wait(Math.min(10_000, pollMs * failures), stopping.signal);
      }
    }
  }

  return {
    wake: () => wakeSignal.wake(),
    async start() {
      await recover(options.staleAtStartMs ?? staleMs);
      loop ??= run();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
