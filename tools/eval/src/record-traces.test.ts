import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { traceExportSchema } from "@footnote/sdk";
import { expect, it, onTestFinished } from "vitest";
import { recordedQuestions, recordTraces } from "./record-traces.ts";
import { replayTrace } from "./replay-trace.ts";

it("records answers of the sample documents that replay as they were, conversations too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "footnote-traces-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const questions = recordedQuestions.filter(({ name }) => name === "follow-up" || name === "generated-follow-up");
  const lines: string[] = [];
  const files = await recordTraces({ folder, variables: {}, questions, log: (line) => void lines.push(line) });
  expect(files).toEqual(["follow-up.json", "generated-follow-up.json"]);
  for (const file of files) {
    const exported = traceExportSchema.parse(JSON.parse(await readFile(join(folder, file), "utf8")));
    expect(exported.history).toHaveLength(1);
    expect(exported.trace.searches[0]?.asked).not.toBe(exported.answer.question);
    expect(exported.request === null).toBe(file === "follow-up.json");
    expect(await replayTrace(exported)).toEqual({ differences: [], skipped: [] });
  }
  expect(lines.at(-1)).toMatch(/^generated-follow-up\.json: /u);
});
