import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@footnote/core";
import { createOpenAiServer } from "@footnote/core/testing/openai-server";
import { traceExportSchema } from "@footnote/sdk";
import { expect, it, onTestFinished } from "vitest";
import { runFootnote, startFootnote } from "../testing/run-footnote.ts";

it("asks a configured model through the pipeline that is offered with it, and exports the answer's trace", async () => {
  const root = await mkdtemp(join(tmpdir(), "footnote-trace-"));
  const upstream = await createOpenAiServer({ reply: () => ({ text: "The kettle holds 2.5 litres [1]." }), models: ["scripted"] });
  onTestFinished(async () => {
    await upstream.close();
    await rm(root, { recursive: true });
  });
  const docs = join(root, "docs");
  await mkdir(docs);
  await writeFile(join(docs, "kettle.md"), "# Kettle\n\nThe kettle holds 2.5 litres. Descale it every 30 days.\n");
  const variables = { MODEL_URL: upstream.url, MODEL_NAME: "scripted", MODEL_PROMPT_PRICE: "1" };
  const options = { dataDir: join(root, "data"), cwd: root, variables };
  const footnote = (argv: string[]) => runFootnote(argv, options);
  const server = await startFootnote(["serve"], { ...options, until: /http:/u });
  onTestFinished(async () => void (await server.stop()));

  const asked = await footnote(["ask", "How much does the kettle hold?", "--docs", docs, "--pipeline", "generated", "--json"]);
  expect([asked.code, asked.err]).toEqual([0, ""]);
  const start = asked.lines().find(({ type }) => type === "answer-start");
  expect(start).toMatchObject({ pipeline: "generated" });
  expect(asked.lines().find(({ type }) => type === "answer-end").cost.generate).toBeGreaterThan(0);

  const file = join(root, "traces", "trace.json");
  const exported = await footnote(["trace", "export", start.answerId, "--out", file]);
  expect([exported.code, exported.out]).toEqual([0, expect.stringMatching(/trace\.json: 1 searches, 1 sources, 1 texts/u)]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const trace = traceExportSchema.parse(JSON.parse(await readFile(file, "utf8")));
  expect(trace.request?.prompt).toBe(upstream.requests[0]?.prompt);
  const printed = await footnote(["trace", "export", start.answerId]);
  expect(JSON.parse(printed.out)).toEqual(JSON.parse(await readFile(file, "utf8")));

  const unknown = await footnote(["trace", "export", newId("answer")]);
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining("There is no trace of an answer ans_")]);
  const found = (await footnote(["doctor", "--json"])).lines().filter(({ check }) => check === "model" || check === "judge");
  expect(found).toMatchObject([
    { check: "judge", status: "ok", detail: expect.stringContaining("none set") },
    { check: "model", status: "ok", detail: expect.stringContaining("their sources are sent there") },
  ]);
}, 180_000);
