import { parentPort, workerData } from "node:worker_threads";

/** A worker that does what a task says, to try the pool: echo, wait, fail, crash, hang. `workerData.start` may refuse. */
const port = parentPort;
if (port === null) throw new Error("This module is a worker thread's.");

if (workerData.start === "crash") process.exit(3);
else if (workerData.start === "fail") port.postMessage({ type: "failed", message: "no model here." });
else if (workerData.start !== "hang") port.postMessage({ type: "ready" });

let crashes = 0;
port.on("message", ({ type, id, task = "" }: { type: string; id: number; task?: string }) => {
  if (type === "stop") return port.close();
  const [verb = "", argument = ""] = task.split(" ");
  const done = () => port.postMessage({ type: "done", id, result: `${verb}:${argument}` });
  if (verb === "wait") setTimeout(done, Number(argument));
  else if (verb === "fail") port.postMessage({ type: "error", id, message: "TypeError" });
  else if (verb === "crash") process.exit(4);
  else if (verb === "crash-once" && crashes++ === 0 && Atomics.add(workerData.flag, 0, 1) === 0) process.exit(5);
  else if (verb === "throw") throw new Error("thrown in the worker");
  else if (verb === "bad") port.postMessage({ type: "done", id, result: 7 });
  else if (verb !== "hang") done();
});
