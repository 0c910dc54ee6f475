import { describe, expect, it } from "vitest";
import { createWorkerPool } from "./worker-pool.ts";
import type { WorkerPoolOptions } from "./worker-pool.ts";

const create = (changes: Partial<WorkerPoolOptions<string, string>> & { start?: string } = {}) => {
  const { start, ...rest } = changes;
  return createWorkerPool<string, string>({
    url: new URL("./testing/scripted-worker.ts", import.meta.url),
    workerData: { start, flag: new Int32Array(new SharedArrayBuffer(4)) },
    name: "The test model",
    failureCode: "embedding_failed",
    size: 2,
    recycleAfter: 1000,
    maxWaiting: { high: 10, normal: 10 },
    taskTimeoutMs: 50_000,
    startTimeoutMs: 50_000,
    maxRetries: 2,
    parse: (result) => {
      if (typeof result !== "string") throw new TypeError("not a string");
      return result;
    },
    ...rest,
  });
};
const failed = (message: RegExp) =>
  expect.objectContaining({ code: "embedding_failed", retryable: true, message: expect.stringMatching(message) });

describe("worker pool", () => {
  it("gives results in order and starts no more threads than it needs", async () => {
    const pool = create();
    expect(pool.status().started).toBe(0);
    expect(await pool.run({ tasks: ["wait 40", "echo a", "echo b"], priority: "normal" })).toEqual(["wait:40", "echo:a", "echo:b"]);
    expect(await pool.run({ tasks: [], priority: "normal" })).toEqual([]);
    expect(pool.status()).toEqual({ workers: 2, waiting: 0, started: 2 });
    await pool.close();
    expect(pool.status().workers).toBe(0);
    const single = create();
    await single.run({ tasks: ["echo a"], priority: "high" });
    expect(single.status().started).toBe(1);
    await single.close();
  });

  it("lets high priority pass, and calls of one priority take turns", async () => {
    const pool = create({ size: 1 });
    const order: string[] = [];
    const call = (name: string, count: number, priority: "high" | "normal") =>
      pool.run({ tasks: Array.from({ length: count }, () => "wait 5"), priority }).then(() => order.push(name));
    await Promise.all([call("large", 8, "normal"), call("small", 2, "normal"), call("query", 1, "high")]);
    expect(order).toEqual(["query", "small", "large"]);
    await pool.close();
  });

  it("refuses a call when too much waits, but no first call however large", async () => {
    const pool = create({ size: 1 });
    const large = pool.run({ tasks: Array.from({ length: 30 }, () => "wait 1"), priority: "normal" });
    await expect(pool.run({ tasks: ["echo"], priority: "normal" })).rejects.toMatchObject({ code: "overloaded", retryable: true });
    await expect(pool.run({ tasks: ["echo x"], priority: "high" })).resolves.toEqual(["echo:x"]);
    expect(await large).toHaveLength(30);
    await pool.close();
  });

  it("drops the waiting tasks of a cancelled call and lets the running one end", async () => {
    const pool = create({ size: 1 });
    const controller = new AbortController();
    const call = pool.run({ tasks: Array.from({ length: 9 }, () => "wait 20"), priority: "normal", signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: "cancelled" });
    expect(pool.status().waiting).toBe(0);
    expect(await pool.run({ tasks: ["echo after"], priority: "normal" })).toEqual(["echo:after"]);
    expect(pool.status().started).toBe(1);
    await expect(pool.run({ tasks: ["echo"], priority: "normal", signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
    await pool.close();
  });

  it("replaces a worker that dies and does its task again", async () => {
    const pool = create({ size: 1 });
    expect(await pool.run({ tasks: ["echo a", "crash-once x", "echo b"], priority: "normal" })).toEqual([
      "echo:a",
      "crash-once:x",
      "echo:b",
    ]);
    expect(pool.status().started).toBe(2);
    await pool.close();
  });

  it("gives up on a task that kills every worker, and goes on with others", async () => {
    const pool = create({ size: 1 });
    const deadly = pool.run({ tasks: ["crash"], priority: "normal" });
    await expect(deadly).rejects.toEqual(failed(/died 3 times/u));
    await expect(pool.run({ tasks: ["throw"], priority: "normal" })).rejects.toEqual(failed(/died 3 times|cannot be run/u));
    expect(await pool.run({ tasks: ["echo a"], priority: "normal" })).toEqual(["echo:a"]);
    await pool.close();
  });

  it("fails the call of a task that fails or returns nonsense, and keeps the worker", async () => {
    const pool = create({ size: 1 });
    await expect(pool.run({ tasks: ["fail", "echo a"], priority: "normal" })).rejects.toEqual(failed(/TypeError/u));
    await expect(pool.run({ tasks: ["bad"], priority: "normal" })).rejects.toThrow("not a string");
    expect(await pool.run({ tasks: ["echo a"], priority: "normal" })).toEqual(["echo:a"]);
    expect(pool.status().started).toBe(1);
    await pool.close();
  });

  it("replaces a worker that hangs", async () => {
    const pool = create({ size: 1, taskTimeoutMs: 1_500, maxRetries: 0 });
    await expect(pool.run({ tasks: ["hang"], priority: "normal" })).rejects.toEqual(failed(/died 1 times/u));
    expect(await pool.run({ tasks: ["echo a"], priority: "normal" })).toEqual(["echo:a"]);
    await pool.close();
  });

  it.each([
    ["crash", /cannot be run: A worker thread ended with code 3/u],
    ["fail", /cannot be run: no model here/u],
    ["hang", /did not start within 200 ms/u],
  ])("fails what waits when workers %s at the start", async (start, message) => {
    const pool = create({ start, startTimeoutMs: start === "hang" ? 200 : 50_000 });
    await expect(pool.run({ tasks: ["echo a", "echo b"], priority: "normal" })).rejects.toEqual(failed(message));
    await pool.close();
  });

  it("replaces workers after their share of tasks", async () => {
    const pool = create({ size: 1, recycleAfter: 2 });
    await pool.run({ tasks: ["echo", "echo", "echo", "echo", "echo"], priority: "normal" });
    expect(pool.status().started).toBe(3);
    await pool.close();
  });

  it("puts small tasks of a call into one message, a share for each thread, and does all of a lost message again", async () => {
    const pool = create({ size: 1, bundle: { size: (task) => task.length, limit: 18 } });
    expect(await pool.run({ tasks: ["echo a", "echo b", "crash-once x", "echo c", "echo d"], priority: "normal" })).toEqual([
      "echo:a",
      "echo:b",
      "crash-once:x",
      "echo:c",
      "echo:d",
    ]);
    await expect(pool.run({ tasks: ["echo a", "fail", "echo b"], priority: "normal" })).rejects.toEqual(failed(/TypeError/u));
    await pool.close();
    // However many fit into one message, the other thread gets its share.
    const two = create({ size: 2, bundle: { size: () => 1, limit: 100 } });
    await two.run({ tasks: ["wait 50", "wait 50"], priority: "normal" });
    expect(two.status().started).toBe(2);
    await two.close();
  });

  it("finishes what waits before it closes, and takes nothing more", async () => {
    const pool = create({ size: 1 });
    const call = pool.run({ tasks: ["wait 10", "wait 10"], priority: "normal" });
    const closed = pool.close();
    await expect(pool.run({ tasks: ["echo"], priority: "high" })).rejects.toMatchObject({ code: "shutting_down" });
    await closed;
    expect(await call).toEqual(["wait:10", "wait:10"]);
    await pool.close();
  });
});
