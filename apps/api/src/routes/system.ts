import { toFootnoteError } from "@footnote/core";
import { pipelines } from "@footnote/retrieval";
import { healthSchema, type Readiness, readinessSchema } from "@footnote/sdk";
import type { ApiDependencies } from "../dependencies.ts";
import type { Drain } from "../drain.ts";
import { json, open, type Router } from "../route.ts";

const probeTimeoutMs = 5_000;
/** An embedder that worked a moment ago is not asked again: probes must not take work from questions. */
const embedderFreshMs = 15_000;

export function addSystemRoutes(router: Router, deps: ApiDependencies, drain: Drain): void {
  const { store, queue, embedderFor, telemetry, clock } = deps;
  let embedderSeen = -Infinity;

  async function probe(
    detail: string | undefined,
    work: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<Readiness["dependencies"][string]> {
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

  router.add({
    method: "get",
    path: "/healthz",
    tag: "System",
    summary: "Whether the process is alive",
    guard: open,
    replies: { 200: { description: "Alive", schema: healthSchema } },
    handler: async () => json({ status: "alive" }),
  });
  router.add({
    method: "get",
    path: "/readyz",
    tag: "System",
    summary: "Whether it may take traffic, per dependency",
    guard: open,
    replies: {
      200: { description: "Ready", schema: readinessSchema },
      503: { description: "Not ready, or draining", schema: readinessSchema },
    },
    async handler() {
      const { space } = pipelines.default.index;
      const [database, embedder, jobs] = await Promise.all([
        probe(store.engine, (signal) => store.ping(signal)),
        probe(space, async (signal) => {
          if (clock.now() - embedderSeen < embedderFreshMs) return;
          const found = embedderFor(space);
          if (!found) throw new Error("No embedder is configured.");
          await found.embed({ texts: ["ready?"], purpose: "query", signal });
          embedderSeen = clock.now();
        }),
        probe(undefined, async (signal) => queue.ping?.(signal)),
      ]);
      const dependencies = { database, embedder, queue: jobs };
      const ok = Object.values(dependencies).every(({ status }) => status === "ok");
      const status = drain.draining ? "draining" : ok ? "ready" : "unready";
      return json({ status, dependencies }, status === "ready" ? 200 : 503);
    },
  });
  router.add({
    method: "get",
    path: "/metrics",
    tag: "System",
    summary: "Prometheus metrics, without tenants",
    guard: open,
    replies: { 200: { description: "Text format", contentType: "text/plain" } },
    handler: async () => new Response(await telemetry.metrics(), { headers: { "content-type": telemetry.metricsContentType } }),
  });
}
