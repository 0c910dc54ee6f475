import { type Clock, type Embedder, toFootnoteError } from "@footnote/core";
import { pipelines } from "@footnote/retrieval";
import type { Readiness } from "@footnote/sdk";
import type { Store } from "@footnote/storage";

type Dependencies = Readiness["dependencies"];

const probeTimeoutMs = 5_000;
/** An embedder that worked a moment ago is not asked again: probes must not take work from questions. */
const embedderFreshMs = 15_000;

/** Whether what every request needs can be reached, dependency by dependency. */
export function createReadiness(parts: {
  store: Pick<Store, "engine" | "ping">;
  /** Rejects when the queue cannot take jobs. Default: it always can. */
  queue: { ping?(signal: AbortSignal): Promise<void> };
  embedderFor(space: string): Embedder | undefined;
  clock: Clock;
}): () => Promise<Dependencies> {
  const { store, queue, embedderFor, clock } = parts;
  const { space } = pipelines.default.index;
  let embedderSeen = -Infinity;

  async function embed(signal: AbortSignal): Promise<void> {
    if (clock.now() - embedderSeen < embedderFreshMs) return;
    const embedder = embedderFor(space);
    if (!embedder) throw new Error("No embedder is configured.");
    await embedder.embed({ texts: ["ready?"], purpose: "query", signal });
    embedderSeen = clock.now();
  }

  return async () => {
    const [database, embedder, jobs] = await Promise.all([
      probe(store.engine, (signal) => store.ping(signal)),
      probe(space, embed),
      probe(undefined, async (signal) => queue.ping?.(signal)),
    ]);
    return { database, embedder, queue: jobs };
  };
}

async function probe(detail: string | undefined, work: (signal: AbortSignal) => Promise<void>): Promise<Dependencies[string]> {
  const began = performance.now();
  const signal = AbortSignal.timeout(probeTimeoutMs);
  const latencyMs = () => Math.round((performance.now() - began) * 100) / 100;
  try {
    await Promise.race([
      work(signal),
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
    ]);
    return { status: "ok", latencyMs: latencyMs(), ...(detail === undefined ? {} : { detail }) };
  } catch (error) {
    return { status: "failed", latencyMs: latencyMs(), detail: toFootnoteError(error).code };
  }
}
