import { throwIfAborted } from "@footnote/core";

/** How long synchronous work may keep requests and heartbeats waiting. */
const stretchMs = 20;

/** Lets requests and heartbeats have their turn between two pieces of synchronous work. */
export async function letOthersRun(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  throwIfAborted(signal);
}

/** Drives work in steps to its end; every few milliseconds it lets the event loop run and looks at `signal`. */
export async function runInSteps<T>(steps: Generator<undefined, T, undefined>, signal: AbortSignal): Promise<T> {
  let began = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - began < stretchMs) continue;
    await letOthersRun(signal);
    began = performance.now();
  }
}
