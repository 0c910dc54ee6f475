import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { FootnoteError, isFootnoteError, throwIfAborted } from "@footnote/core";
import { closeGates, createWorkerGate } from "./worker-gate.ts";
import type { WorkerGate } from "./worker-gate.ts";

/** Pool → worker: tasks to do one after the other. Worker → pool: `ready` once, then one message per bundle, outcomes in its order. */
export type TaskOutcome = { result: unknown } | { error: string };

export type WorkerMessage = { type: "ready" } | { type: "failed"; message: string } | { type: "done"; id: number; outcomes: TaskOutcome[] };

export interface WorkerPoolOptions<Task, Result> {
  /** The worker's module: it calls `serveTasks`. It gets `workerData` and a `gate`. */
  url: URL;
  workerData: object;
  /** What the pool's work is called in error texts: "The embedding model". */
  name: string;
  failureCode: "embedding_failed" | "rerank_failed";
  /** Threads, started one by one as work waits. */
  size: number;
  /** Tasks after which a worker is replaced by a fresh one, which gives back whatever native memory it lost. */
  recycleAfter: number;
  /** Tasks that may wait, per priority. A call that finds more waiting is refused with `overloaded`. */
  maxWaiting: { high: number; normal: number };
  /** A worker that needs longer for one message is taken for hung and replaced. */
  taskTimeoutMs: number;
  startTimeoutMs: number;
  /** How often a task whose worker died is given to another. */
  maxRetries: number;
  /** Small tasks of one call share a message until their sizes add up to this. Default: one task a message. */
  bundle?: { size: (task: Task) => number; limit: number };
  /** Checks what came back. */
  parse: (result: unknown) => Result;
}

export interface WorkerPool<Task, Result> {
  /** Results in the order of the tasks. Fails as a whole; when the signal fires, waiting tasks never start. */
  run(request: { tasks: readonly Task[]; priority: "high" | "normal"; signal?: AbortSignal | undefined }): Promise<Result[]>;
  /** Workers alive, tasks waiting, workers started since the beginning. */
  status(): { workers: number; waiting: number; started: number };
  /** Refuses new calls, finishes those that wait, ends the threads. */
  close(): Promise<void>;
}

interface Call<Task, Result> {
  tasks: readonly Task[];
  priority: "high" | "normal";
  next: number;
  /** Indices to do again because their worker died. */
  again: number[];
  retries: number;
  left: number;
  results: Result[];
  settled: boolean;
  resolve: (results: Result[]) => void;
  reject: (error: unknown) => void;
}

interface Member<Task, Result> {
  worker: Worker;
  gate: WorkerGate;
  ended: Promise<void>;
  state: "starting" | "idle" | "busy";
  current: { id: number; call: Call<Task, Result>; indices: number[] } | null;
  done: number;
  timer: NodeJS.Timeout | undefined;
}

/** Deaths in a row, without a task done in between, after which the waiting calls fail. */
const maxDeathsInARow = 3;

/** How long an ending thread, and a process that exits, wait for native code to return. */
const stopTimeoutMs = 5_000;

/** Gates of all threads of this process: what an exit must wait for. */
const gates = new Set<WorkerGate>();
process.on("exit", () => closeGates(gates, stopTimeoutMs));

/**
 * Worker threads that do one task each at a time. High priority goes first; calls of one priority take turns, so a
 * large one does not hold up a small one. Idle threads do not keep the process alive.
 */
export function createWorkerPool<Task, Result>(options: WorkerPoolOptions<Task, Result>): WorkerPool<Task, Result> {
  const { name, failureCode } = options;
  const members = new Set<Member<Task, Result>>();
  const queues: Record<"high" | "normal", Call<Task, Result>[]> = { high: [], normal: [] };
  const waiting = { high: 0, normal: 0 };
  let open = 0;
  let nextId = 1;
  let started = 0;
  let deathsInARow = 0;
  let closing: Promise<void> | null = null;
  let drained: (() => void) | null = null;

  const failure = (message: string, cause?: unknown) => new FootnoteError(failureCode, message, { cause });

  const settle = (call: Call<Task, Result>, error: unknown) => {
    if (call.settled) return;
    call.settled = true;
    waiting[call.priority] -= call.tasks.length - call.next + call.again.length;
    const queue = queues[call.priority];
    const at = queue.indexOf(call);
    if (at >= 0) queue.splice(at, 1);
    open--;
    if (error === null) call.resolve(call.results);
    else call.reject(error);
    if (open === 0) drained?.();
  };

  const failAll = (error: FootnoteError) => {
    for (const call of [...queues.high, ...queues.normal]) settle(call, error);
  };

  /** The next tasks: of the first call in line, which then goes to the end of the line. */
  const take = (most: number): { call: Call<Task, Result>; indices: number[] } | null => {
    const queue = queues.high.length > 0 ? queues.high : queues.normal;
    const call = queue.shift();
    if (call === undefined) return null;
    const left = () => call.tasks.length - call.next + call.again.length;
    const sizeOf = (index: number) => {
      const task = call.tasks[index];
      return options.bundle && task !== undefined ? options.bundle.size(task) : Number.POSITIVE_INFINITY;
    };
    const indices: number[] = [];
    // No thread takes more than its share, so that the last tasks of a call do not wait for one of them.
    const share = Math.min(most, Math.ceil(left() / options.size));
    let size = 0;
    do {
      const index = call.again.pop() ?? call.next++;
      indices.push(index);
      size += sizeOf(index);
      waiting[call.priority]--;
    } while (left() > 0 && indices.length < share && size + sizeOf(call.again.at(-1) ?? call.next) <= (options.bundle?.limit ?? 0));
    if (left() > 0) queue.push(call);
    return { call, indices };
  };

  /** Asks a thread to end after what it does now; never kills it (see worker-gate.ts). One that hangs is left behind. */
  const retire = (member: Member<Task, Result>) => {
    clearTimeout(member.timer);
    members.delete(member);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    member.worker.postMessage({ type: "stop" });
    member.worker.unref();
  };

  const died = (member: Member<Task, Result>, cause: unknown) => {
    if (!members.has(member)) return;
    retire(member);
    deathsInARow++;
    const lost = member.current;
    if (lost !== null && !lost.call.settled) {
      if (++lost.call.retries > options.maxRetries) {
        settle(lost.call, failure(`${name} died ${lost.call.retries} times over one call; try again or send less.`, cause));
      } else {
        lost.call.again.push(...lost.indices);
        waiting[lost.call.priority] += lost.indices.length;
        const queue = queues[lost.call.priority];
        if (!queue.includes(lost.call)) queue.unshift(lost.call);
      }
    }
    if (deathsInARow >= maxDeathsInARow) {
      deathsInARow = 0;
      const reason = isFootnoteError(cause) ? cause.message : "its worker threads keep dying.";
      failAll(failure(`${name} cannot be run: ${reason}`, cause));
    }
    pump();
  };

  const start = () => {
    started++;
    const gate = createWorkerGate();
    const worker = new Worker(options.url, { workerData: { ...options.workerData, gate }, execArgv: [] });
    const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    const member: Member<Task, Result> = { worker, gate, ended, state: "starting", current: null, done: 0, timer: undefined };
    members.add(member);
    gates.add(gate);
    void ended.then(() => gates.delete(gate));
    member.timer = setTimeout(
      () => died(member, failure(`${name} did not start within ${options.startTimeoutMs} ms.`)),
      options.startTimeoutMs,
    );
    worker.on("message", (message: WorkerMessage) => received(member, message));
    worker.on("error", (error) => died(member, error));
    worker.on("exit", (code) => died(member, failure(`A worker thread ended with code ${code}.`)));
  };

  const received = (member: Member<Task, Result>, message: WorkerMessage) => {
    clearTimeout(member.timer);
    if (message.type === "failed") return died(member, failure(message.message));
    if (message.type === "ready") {
      member.state = "idle";
      return pump();
    }
    const current = member.current;
    if (current === null || current.id !== message.id) return;
    member.current = null;
    member.state = "idle";
    member.done += current.indices.length;
    deathsInARow = 0;
    const { call, indices } = current;
    for (const [at, index] of indices.entries()) {
      if (call.settled) break;
      const outcome = message.outcomes[at] ?? { error: "no outcome" };
      if ("error" in outcome) {
        settle(call, failure(`${name} failed on one input: ${outcome.error}`));
        break;
      }
      try {
        call.results[index] = options.parse(outcome.result);
        if (--call.left === 0) settle(call, null);
      } catch (error) {
        settle(call, error);
      }
    }
    if (member.done >= options.recycleAfter) retire(member);
    pump();
  };

  /** Gives waiting tasks to idle threads and starts another thread while tasks outnumber those coming up. */
  const pump = () => {
    let starting = 0;
    for (const member of members) {
      if (member.state === "starting") starting++;
      if (member.state !== "idle") continue;
      const taken = take(options.recycleAfter - member.done);
      if (taken === null) {
        member.worker.unref();
        continue;
      }
      const id = nextId++;
      member.current = { id, ...taken };
      member.state = "busy";
      member.worker.ref();
      member.timer = setTimeout(
        () => died(member, failure(`${name} needed more than ${options.taskTimeoutMs} ms for one message.`)),
        options.taskTimeoutMs,
      );
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
      member.worker.postMessage({ type: "tasks", id, tasks: taken.indices.map((index) => taken.call.tasks[index]) });
    }
    while (members.size < options.size && starting < waiting.high + waiting.normal) {
      start();
      starting++;
    }
  };

  return {
    run: ({ tasks, priority, signal }) =>
      new Promise((resolve, reject) => {
        throwIfAborted(signal);
        if (closing !== null) throw new FootnoteError("shutting_down", `${name} is shutting down; send this to another server.`);
        if (waiting[priority] > 0 && waiting[priority] + tasks.length > options.maxWaiting[priority]) {
          throw new FootnoteError("overloaded", `${name} has too much waiting already; try again later.`, {
            details: { waiting: waiting[priority] },
          });
        }
        if (tasks.length === 0) return resolve([]);
        const abort = () => {
          try {
            throwIfAborted(signal);
          } catch (error) {
            settle(call, error);
          }
        };
        const call: Call<Task, Result> = {
          tasks,
          priority,
          next: 0,
          again: [],
          retries: 0,
          left: tasks.length,
          results: Array.from({ length: tasks.length }),
          settled: false,
          resolve: (results) => {
            signal?.removeEventListener("abort", abort);
            resolve(results);
          },
          reject: (error) => {
            signal?.removeEventListener("abort", abort);
            reject(error);
          },
        };
        signal?.addEventListener("abort", abort, { once: true });
        open++;
        waiting[priority] += tasks.length;
        queues[priority].push(call);
        pump();
      }),
    status: () => ({ workers: members.size, waiting: waiting.high + waiting.normal, started }),
    close() {
      closing ??= (async () => {
        if (open > 0) await new Promise<void>((resolve) => (drained = resolve));
        // The timer keeps the process until the threads are gone or given up.
        const stopped = new AbortController();
        const ended = Promise.all([...members].map((member) => (retire(member), member.ended)));
        await Promise.race([ended, sleep(stopTimeoutMs, undefined, { signal: stopped.signal }).catch(() => {})]);
        stopped.abort();
      })();
      return closing;
    },
  };
}
