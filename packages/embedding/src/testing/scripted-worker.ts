import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { TaskOutcome } from "../worker-pool.ts";

/** A worker that does what its tasks say, to try the pool: echo, wait, fail, crash, hang. `workerData.start` may refuse. */
const port = parentPort;
if (port === null) throw new Error("This module is a worker thread's.");

if (workerData.start === "crash") process.exit(3);
else if (workerData.start === "fail") port.postMessage({ type: "failed", message: "no model here." });
else if (workerData.start !== "hang") port.postMessage({ type: "ready" });

async function outcomeOf(task: string): Promise<TaskOutcome> {
  const [verb = "", argument = ""] = task.split(" ");
  if (verb === "wait") await sleep(Number(argument));
  else if (verb === "fail") return { error: "TypeError" };
  else if (verb === "crash") process.exit(4);
  else if (verb === "crash-once" && Atomics.add(workerData.flag, 0, 1) === 0) process.exit(5);
  else if (verb === "bad") return { result: 7 };
  else if (verb === "hang") await new Promise(() => {});
  return { result: `${verb}:${argument}` };
}

port.on("message", async ({ type, id, tasks = [] }: { type: string; id: number; tasks?: string[] }) => {
  if (type === "stop") return port.close();
  if (tasks.includes("throw")) throw new Error("thrown in the worker");
  const outcomes: TaskOutcome[] = [];
  for (const task of tasks) outcomes.push(await outcomeOf(task));
  port.postMessage({ type: "done", id, outcomes });
});
