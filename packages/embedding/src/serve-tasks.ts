import { parentPort } from "node:worker_threads";
import { z } from "zod";
import { throughGate } from "./worker-gate.ts";
import type { WorkerGate } from "./worker-gate.ts";
import type { TaskOutcome } from "./worker-pool.ts";

/** What a worker thread runs: made once, then one task after the other. */
export interface TaskRunner {
  run(task: unknown): Promise<unknown>;
  dispose(): Promise<unknown>;
}

const messageSchema = z.union([
  z.object({ type: z.literal("stop") }),
  z.object({ type: z.literal("tasks"), id: z.int(), tasks: z.array(z.unknown()) }),
]);

/** The gate that the pool put into `workerData`. */
export const gateSchema = z.custom<WorkerGate>((value) => value instanceof Int32Array && value.buffer instanceof SharedArrayBuffer);

/** The worker's side of `createWorkerPool`: loads, says `ready` or `failed`, answers each task, ends when told to stop. */
export async function serveTasks(gate: WorkerGate, load: () => Promise<TaskRunner>): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("This module is a worker thread's.");
  const runner = await throughGate(gate, load).catch((error: unknown) => {
    port.postMessage({ type: "failed", message: error instanceof Error ? error.message : "the model could not be loaded." });
    return null;
  });
  let last: Promise<unknown> = Promise.resolve();
  const outcomeOf = async (task: unknown): Promise<TaskOutcome> => {
    try {
      if (runner === null) throw new TypeError("No model.");
      return { result: await throughGate(gate, () => runner.run(task)) };
    } catch (error) {
      // Only the error's kind: a library's message may quote the input.
      return { error: error instanceof Error ? error.name : "unknown error" };
    }
  };
  const answer = async (id: number, tasks: readonly unknown[]) => {
    const outcomes: TaskOutcome[] = [];
    for (const task of tasks) outcomes.push(await outcomeOf(task));
    port.postMessage({ type: "done", id, outcomes });
  };
  port.on("message", (value: unknown) => {
    const message = messageSchema.parse(value);
    const previous = last;
    last = (async () => {
      await previous;
      if (message.type === "tasks") return answer(message.id, message.tasks);
      if (runner !== null) await throughGate(gate, () => runner.dispose());
      // Nothing is left to listen to: the thread ends by itself.
      port.close();
    })();
  });
  if (runner !== null) port.postMessage({ type: "ready" });
}
