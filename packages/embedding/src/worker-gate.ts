/**
 * A thread that is ended while it runs native code takes the whole process with it: onnxruntime throws into an
 * environment that is gone, and nothing can catch that. So a thread says when it is inside, nobody ends it then, and a
 * process that exits waits for it to come out. Two shared numbers: inside (0 or 1), closed (0 or 1).
 */
export type WorkerGate = Int32Array<SharedArrayBuffer>;

const inside = 0;
const closed = 1;

export function createWorkerGate(): WorkerGate {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** In the worker: runs native code, unless the gate is closed; then it never returns, because the thread is about to end. */
export async function throughGate<T>(gate: WorkerGate, run: () => Promise<T>): Promise<T> {
  Atomics.store(gate, inside, 1);
  // Closed between the two lines: the closer sees `inside` and waits, so it must be taken back.
  if (Atomics.load(gate, closed) === 1) {
    leave(gate);
    return new Promise<never>(() => {});
  }
  try {
    return await run();
  } finally {
    leave(gate);
  }
}

function leave(gate: WorkerGate): void {
  Atomics.store(gate, inside, 0);
  Atomics.notify(gate, inside);
}

/** In the main thread: closes the gates for good, then blocks until everybody is outside, at most `timeoutMs` each. */
export function closeGates(gates: Iterable<WorkerGate>, timeoutMs: number): void {
  const all = [...gates];
  for (const gate of all) Atomics.store(gate, closed, 1);
  for (const gate of all) Atomics.wait(gate, inside, 1, timeoutMs);
}
