import { FootnoteError } from "@footnote/core";
import { createRandom } from "../statistics/random.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaseResult } from "../metrics/case-result.ts";
import { createRagasClient } from "./ragas-client.ts";
import { neededFields, ragasMetrics } from "./ragas-metrics.ts";
import { sidecarMissing, startContainmentJudge, startSidecar } from "./testing/ragas-sidecar.ts";

/** Answers of which every `every`-th sentence stands in no context. */
function answersWithUnsupported(count: number, share: number): CaseResult[] {
  const random = createRandom(11);
  const wrong = Array.from({ length: count * 5 }, (_, index) => index < Math.round(count * 5 * share));
  for (let i = wrong.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [wrong[i], wrong[j]] = [wrong[j] ?? false, wrong[i] ?? false];
  }
  return Array.from({ length: count }, (_, number): CaseResult => {
    const facts = Array.from({ length: 5 }, (_unused, place) => `Pier ${number}-${place} has ${10 + place} moorings.`);
    const said = facts.map((fact, place) => (wrong[number * 5 + place] ? fact.replace(/has \d+/u, "has 999") : fact));
    const contexts = facts.map((text) => ({ document: "d", start: 0, end: text.length, text }));
    return {
      case: { id: `c${number}`, question: "How many moorings?", answerable: true, tags: [], split: "test", spans: [] },
      answer: {
        text: said.join(" "),
        finishReason: "stop",
        sentences: said.map((text) => ({ text, stated: "supported", citations: [] })),
        contexts,
        ranking: contexts,
        milliseconds: 1,
        usd: 0,
        degraded: [],
      },
      metrics: {},
    };
  });
}

describe.skipIf(sidecarMissing)(`the real sidecar${sidecarMissing ? ` (skipped: ${sidecarMissing})` : ""}`, () => {
  let judge: Awaited<ReturnType<typeof startContainmentJudge>>;
  let sidecar: Awaited<ReturnType<typeof startSidecar>>;
  beforeAll(async () => {
    judge = await startContainmentJudge();
    sidecar = await startSidecar({
      RAGAS_TOKEN: "sesame",
      RAGAS_JUDGE_URL: judge.url,
      RAGAS_JUDGE_MODEL: "scripted",
      RAGAS_JUDGE_API_KEY: "judge-key",
      RAGAS_MAX_SAMPLES: "8",
    });
  });
  afterAll(async () => {
    await sidecar?.stop();
    await judge?.stop();
  });
  const client = (token = "sesame") => createRagasClient({ url: sidecar.url, token, batchSize: 8 });

  it("is ready, and asks for the fields that we know of", async () => {
    expect((await client().ready()).status).toBe("ready");
    const listed = (await client().metrics()).data.map(({ name, fields }) => [
      name,
      fields.filter((field) => field !== "user_input").toSorted(),
    ]);
    expect(Object.fromEntries(listed)).toEqual(
      Object.fromEntries(Object.entries(neededFields).map(([name, fields]) => [name, fields.toSorted()])),
    );
  });

  it.each([0, 0.2, 0.6])("measures a share of %s unsupported sentences within five points", async (share) => {
    const results = answersWithUnsupported(20, share);
    const scores = await ragasMetrics(client(), results, { metrics: ["faithfulness"] });
    const values = [...scores.values.values()].map((row) => row["ragas-faithfulness"] ?? Number.NaN);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(1 - mean - share)).toBeLessThanOrEqual(0.05);
    expect(scores.usage.judge_calls).toBe(40);
    expect(scores.versions).toMatchObject({ ragas: "0.4.3", judge_model: "scripted" });
  });

  it("says what is missing in words of Footnote", async () => {
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => "none",
        (error: unknown) => (error instanceof FootnoteError ? error : String(error)),
      );
    const samples = [{ user_input: "q", response: "" }];
    expect(await codeOf(client("wrong").score({ metrics: ["exact_match"], samples }))).toMatchObject({ code: "configuration_invalid" });
    expect(await codeOf(client().score({ metrics: ["answer_relevancy"], samples: [{ user_input: "q", response: "a" }] }))).toMatchObject({
      code: "configuration_invalid",
      details: { problem: "embeddings_not_configured" },
    });
    expect(await codeOf(client().score({ metrics: ["exact_match"], samples }))).toMatchObject({
      code: "invalid_request",
      details: {
        errors: [
          { path: ["samples", 0, "response"], code: "empty" },
          { path: ["samples", 0, "reference"], code: "missing" },
        ],
      },
    });
  });

  it("lets go when the caller does", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    const work = client().score({
      metrics: ["faithfulness"],
      samples: Array.from({ length: 200 }, () => ({ user_input: "q", response: "One. Two.", retrieved_contexts: ["One."] })),
      signal: abort.signal,
    });
    await expect(work).rejects.toMatchObject({ code: "cancelled" });
  });
});
