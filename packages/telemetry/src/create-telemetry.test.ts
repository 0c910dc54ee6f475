import { FootnoteError } from "@footnote/core";
import { expect, test } from "vitest";
import { createTelemetry } from "./create-telemetry.ts";
import { redactError, redactText } from "./redaction.ts";

function make(level: "debug" | "info" | "silent" = "debug") {
  const lines: string[] = [];
  const telemetry = createTelemetry({ level, destination: { write: (line) => void lines.push(line) }, processMetrics: false });
  return { telemetry, lines, last: (): unknown => JSON.parse(lines.at(-1) ?? "null") };
}

test("logs JSON with known scalar fields; others are left out by name", () => {
  const { telemetry, last } = make();
  telemetry.logger.info({ requestId: "r1", question: "what is the secret?", status: 200 }, "request");
  expect(last()).toMatchObject({ level: "info", message: "request", requestId: "r1", status: 200, droppedFields: "question" });
  expect(JSON.stringify(last())).not.toContain("what is");
  telemetry.logger.child({ job: "job_1" }).warn({ code: "timeout" }, "slow");
  expect(last()).toMatchObject({ level: "warn", job: "job_1", code: "timeout" });
  telemetry.logger.debug({ stage: undefined }, "quiet");
  expect(last()).not.toHaveProperty("stage");
});

test("a level below the chosen one is not written", () => {
  const { telemetry, lines } = make("info");
  telemetry.logger.debug({}, "no");
  expect(lines).toEqual([]);
});

test("of an error the code and our own sentence are logged; a foreign message and details are not", () => {
  const { telemetry, last } = make();
  const foreign = new SyntaxError('Unexpected token in "the salary of Ann"');
  const error = new FootnoteError("storage_failed", "The row could not be written; try again.", {
    cause: foreign,
    details: { text: "salary" },
  });
  telemetry.logger.error({ job: "job_1" }, "failed", error);
  const line = JSON.stringify(last());
  expect(last()).toMatchObject({
    error: { code: "storage_failed", message: "The row could not be written; try again.", cause: { name: "SyntaxError" } },
  });
  expect(line).not.toContain("salary");
  expect(line).toContain("create-telemetry.test.ts");
  expect(redactError("text of a document")).toEqual({ name: "string" });
  telemetry.logger.error({}, "without one");
  expect(last()).not.toHaveProperty("error");
});

test("secrets within texts are replaced, and texts are cut", () => {
  const key = `fn_live_${"a".repeat(26)}_${"B".repeat(38)}`;
  for (const secret of [key, "Bearer abcdefghijkl", `sk-${"x".repeat(30)}`])
    expect(redactText(`with ${secret} in it`)).toBe("with [redacted] in it");
  expect(redactText("postgres://app:example@db/x")).toBe("postgres://app:[redacted]@db/x");
  expect(redactText("x".repeat(10_000))).toHaveLength(500);
});

test("metrics have stages in seconds, requests by route and class, counters and gauges; two registries do not meet", async () => {
  const { telemetry } = make();
  telemetry.stage("dense", 20, "ok");
  telemetry.observeRequest({ method: "GET", route: "/v1/documents/:id", status: 404, durationMs: 3 });
  telemetry.count("footnote_jobs_total", { kind: "ingest" });
  telemetry.count("footnote_jobs_total", { kind: "ingest" }, 2);
  telemetry.gauge("footnote_queue_depth", { state: "queued" }, 7);
  telemetry.onScrape(() => telemetry.gauge("footnote_open_streams", {}, 3));
  telemetry.onScrape(async () => {
    throw new Error("cannot be read");
  });
  const text = await telemetry.metrics();
  expect(text).toContain('footnote_stage_duration_seconds_sum{stage="dense",outcome="ok"} 0.02');
  expect(text).toContain('footnote_http_request_duration_seconds_count{method="GET",route="/v1/documents/:id",status="4xx"} 1');
  expect(text).toContain('footnote_jobs_total{kind="ingest"} 3');
  expect(text).toContain('footnote_queue_depth{state="queued"} 7');
  expect(text).toContain("footnote_open_streams 3");
  expect(await make().telemetry.metrics()).not.toContain("footnote_jobs_total");
});

test("labels without end do not fill the memory", async () => {
  const { telemetry } = make();
  for (let i = 0; i < 1_000; i++) telemetry.count("footnote_x_total", { name: `n${i}` });
  const series = (await telemetry.metrics()).split("\n").filter((line) => line.startsWith("footnote_x_total{"));
  expect(series.length).toBeLessThanOrEqual(201);
  expect(series).toContain('footnote_x_total{name="other"} 800');
});

test("process metrics are there unless switched off", async () => {
  const telemetry = createTelemetry({ level: "silent" });
  expect(await telemetry.metrics()).toContain("footnote_process_cpu");
  expect(telemetry.metricsContentType).toContain("text/plain");
});
