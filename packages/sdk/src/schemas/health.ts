import { z } from "zod";

export const healthSchema = z.object({ status: z.literal("alive") }).meta({ id: "Health", example: { status: "alive" } });
export const readinessSchema = z
  .object({
    status: z.enum(["ready", "unready", "draining"]),
    dependencies: z.record(
      z.string(),
      z.object({ status: z.enum(["ok", "failed"]), latencyMs: z.number(), detail: z.string().optional() }),
    ),
  })
  .meta({
    id: "Readiness",
    example: { status: "ready", dependencies: { database: { status: "ok", latencyMs: 1.2, detail: "pglite" } } },
  });
export type Readiness = z.infer<typeof readinessSchema>;
