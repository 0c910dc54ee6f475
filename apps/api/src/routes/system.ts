import { healthSchema, type Readiness, readinessSchema } from "@footnote/sdk";
import type { ApplicationTelemetry } from "@footnote/telemetry";
import type { Drain } from "../drain.ts";
import { json, type Router } from "../route.ts";

export function addSystemRoutes(
  router: Router,
  { readiness, telemetry, drain }: { readiness(): Promise<Readiness["dependencies"]>; telemetry: ApplicationTelemetry; drain: Drain },
): void {
  router.addOpen({
    path: "/healthz",
    tag: "System",
    summary: "Whether the process is alive",
    replies: { 200: { description: "Alive", schema: healthSchema } },
    handler: async () => json({ status: "alive" }),
  });
  router.addOpen({
    path: "/readyz",
    tag: "System",
    summary: "Whether it may take traffic, per dependency",
    replies: {
      200: { description: "Ready", schema: readinessSchema },
      503: { description: "Not ready, or draining", schema: readinessSchema },
    },
    async handler() {
      const dependencies = await readiness();
      const ok = Object.values(dependencies).every(({ status }) => status === "ok");
      const status = drain.draining ? "draining" : ok ? "ready" : "unready";
      return json({ status, dependencies }, status === "ready" ? 200 : 503);
    },
  });
  router.addOpen({
    path: "/metrics",
    tag: "System",
    summary: "Prometheus metrics, without tenants",
    replies: { 200: { description: "Text format", contentType: "text/plain" } },
    handler: async () => new Response(await telemetry.metrics(), { headers: { "content-type": telemetry.metricsContentType } }),
  });
}
