import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { answerQuestion, withResilience } from "@footnote/answers";
import { createOpenAiCompatibleModel } from "@footnote/answers/openai-compatible";
import { type Answer, createSystemClock, type Hit, type LanguageModel, newId } from "@footnote/core";
import { createSilentTelemetry } from "@footnote/core/testing";
import { createOpenAiServer, type OpenAiServer } from "@footnote/core/testing/openai-server";
import { containmentJudge } from "@footnote/core/testing/scripted-judge";
import { createUnfaithfulWriter, type UnsupportedKind, unfaithfulReply } from "@footnote/core/testing/unfaithful-model";
import type { CaseResult, Judges } from "@footnote/evaluation";
import { createLlmJudge } from "@footnote/evaluation/judges";
import { scoreCase } from "@footnote/evaluation/metrics";
import { createRagasClient, ragasMetrics } from "@footnote/evaluation/ragas";
import { readAnswer } from "@footnote/evaluation/runs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generatedPipeline } from "@footnote/server/models";
import { openJudges } from "@footnote/server/judges";

/**
 * The line that judges are held to: a model behind an OpenAI-compatible address writes answers of which a known share of sentences has no support;
 * what our judges and ragas make of the same answers must lie within five points of that share, and below the floor of 0.85.
 */
const tolerance = 0.05;
const floor = 0.85;
const share = 0.3;
const kinds: readonly UnsupportedKind[] = ["invented", "number", "negation"];
const root = join(import.meta.dirname, "../../..");
const python = join(root, ".cache/ragas/venv/bin/python");
const ragasMissing = process.env["CI"] || existsSync(python) ? null : "its environment is missing: node scripts/ragas.mjs check";

const clock = createSystemClock();
let upstream: OpenAiServer;
let judge: LanguageModel;
let results: CaseResult[] = [];
let known = 0;
const local = openJudges();

/** Paragraphs of the sample documents as sources: what a search would have found is not what this is about. */
async function readParagraphs(): Promise<Hit[]> {
  const hits: Hit[] = [];
  for await (const file of glob("examples/handbook/documents/**/*.md", { cwd: root })) {
    const text = await readFile(join(root, file), "utf8");
    const [documentId, versionId] = [newId("document"), newId("version")];
    for (const match of text.matchAll(/^[^\n#|*-][^\n]*(?:\n[^\n#|*-][^\n]*)*/gmu)) {
      if (match[0].length < 120) continue;
      const [start, end] = [match.index, match.index + match[0].length];
      const chunk = {
        id: newId("chunk"),
        versionId,
        documentId,
        ordinal: hits.length,
        start,
        end,
        text: match[0],
        headingPath: [],
        tokenCount: 60,
      };
      hits.push({ chunk: { ...chunk, title: file, mediaType: "text/markdown" }, score: 1, ranks: {}, scores: {} });
    }
  }
  return hits.toSorted((a, b) => a.chunk.text.localeCompare(b.chunk.text, "en"));
}

async function answersOf(model: LanguageModel, paragraphs: readonly Hit[], count: number): Promise<CaseResult[]> {
  const made: CaseResult[] = [];
  for (let number = 0; number < count; number++) {
    const question = `What is to be known, number ${number}?`;
    const hits = Array.from({ length: 5 }, (_, at) => paragraphs[(number * 3 + at * 7) % paragraphs.length]).flatMap((hit) => hit ?? []);
    const saved: Answer[] = [];
    const events = answerQuestion({
      question,
      history: [],
      spec: generatedPipeline(model.name),
      sources: { search: async () => ({ hits: [...new Set(hits)], timings: {}, degraded: [] }) },
      model,
      save: async (answer) => void saved.push(answer),
      ids: { answer: newId("answer"), conversation: newId("conversation") },
      clock,
      telemetry: createSilentTelemetry(),
    });
    for await (const event of events) if (event.type === "error") throw event.error;
    const [answer] = saved;
    if (!answer) throw new Error("The answer was not stored.");
    const readVersion = async ({ versionId }: { versionId: string }) => {
      const chunk = hits.find((hit) => hit.chunk.versionId === versionId)?.chunk;
      return { externalId: chunk?.title ?? "", text: await readFile(join(root, chunk?.title ?? ""), "utf8") };
    };
    made.push({
      case: { id: `q${number}`, question, answerable: true, tags: [], split: "test", spans: [] },
      answer: await readAnswer({ answer, ranking: [], milliseconds: 1, readVersion }),
      metrics: {},
    });
  }
  return made;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean share of sentences that a judge finds supported, each by what it cites. */
async function faithfulnessBy(judges: Judges): Promise<number> {
  const values: number[] = [];
  for (const { case: one, answer } of results) {
    const { metrics } = await scoreCase({ case: one, answer, gold: [], judges });
    values.push(metrics["faithfulness"] ?? 0);
  }
  return mean(values);
}

beforeAll(async () => {
  const writer = createUnfaithfulWriter({ share, kinds });
  upstream = await createOpenAiServer({
    reply: (request) => containmentJudge(request) ?? unfaithfulReply(writer, request),
    models: ["writer", "judge"],
  });
  const model = withResilience(createOpenAiCompatibleModel({ url: upstream.url, model: "writer" }), { clock });
  judge = withResilience(createOpenAiCompatibleModel({ url: upstream.url, model: "judge" }), { clock });
  results = await answersOf(model, await readParagraphs(), 40);
  known = mean(writer.said.map(({ supported }) => Number(!supported)));
});
afterAll(async () => {
  await local.close();
  await upstream.close();
});

it("writes answers with about the share that was asked for, every kind of fault among them", () => {
  expect(results.flatMap(({ answer }) => answer.sentences).length).toBeGreaterThan(120);
  expect(Math.abs(known - share)).toBeLessThan(0.1);
  const said = results.map(({ answer }) => answer.text).join(" ");
  expect(said).toMatch(/Zorvane|Quillmark|amber turbine|lighthouse|submarine/u);
});

it("is measured by our judge over a language model", async () => {
  const llm = createLlmJudge({ model: judge });
  const value = await faithfulnessBy({ judge: llm });
  expect(Math.abs(1 - value - known)).toBeLessThanOrEqual(tolerance);
  expect(value).toBeLessThan(floor);
});

it("is measured by our deterministic judge", async () => {
  const value = await faithfulnessBy(local.judges);
  expect(Math.abs(1 - value - known)).toBeLessThanOrEqual(tolerance);
  expect(value).toBeLessThan(floor);
});

describe.skipIf(ragasMissing)(`by ragas${ragasMissing ? ` (skipped: ${ragasMissing})` : ""}`, () => {
  let url = "";
  let stop = async () => {};
  beforeAll(async () => {
    const child = spawn(python, ["-m", "footnote_ragas"], {
      env: {
        PATH: process.env["PATH"],
        PYTHONPATH: join(root, "services/ragas/src"),
        RAGAS_PORT: "0",
        RAGAS_JUDGE_URL: upstream.url,
        RAGAS_JUDGE_MODEL: "judge",
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    stop = async () => {
      child.kill("SIGTERM");
      await ended;
    };
    let said = "";
    url = await new Promise<string>((resolve, reject) => {
      child.stderr.on("data", (data: Buffer) => {
        said += data.toString();
        const found = /"url": "([^"]+)"/u.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      void ended.then(() => reject(new Error(`The sidecar stopped before it listened: ${said}`)));
    });
  });
  afterAll(() => stop());

  it("is measured through the sidecar", async () => {
    const scores = await ragasMetrics(createRagasClient({ url }), results, { metrics: ["faithfulness"] });
    const values = [...scores.values.values()].map((row) => row["ragas-faithfulness"] ?? Number.NaN);
    const value = mean(values);
    expect(scores.missing).toEqual({});
    expect(Math.abs(1 - value - known)).toBeLessThanOrEqual(tolerance);
    expect(value).toBeLessThan(floor);
  });
});
