import { toFootnoteError } from "@footnote/core";
import type { Stage, Telemetry } from "@footnote/core";

/** Does a stage's work and records how long it took and how it ended. */
export async function timedStage<T>(telemetry: Telemetry, stage: Stage, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    const result = await work();
    telemetry.stage(stage, performance.now() - began, "ok");
    return result;
  } catch (error) {
    telemetry.stage(stage, performance.now() - began, toFootnoteError(error).code === "cancelled" ? "cancelled" : "error");
    throw error;
  }
}
