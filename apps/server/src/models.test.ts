import { createOpenAiServer } from "@footnote/core/testing/openai-server";
import { createSystemClock } from "@footnote/core";
import { expect, it, onTestFinished } from "vitest";
import { probeModel } from "@footnote/answers/openai-compatible";
import { readEnvironment } from "./env.ts";
import { generatedPipeline, modelSettings, openModel, requireJudge } from "./models.ts";

const clock = createSystemClock();
const read = (variables: Record<string, string>) => readEnvironment({ variables, folder: import.meta.dirname });

it("has no model unless one is set, and says how to set a judge", async () => {
  const env = read({});
  expect(await openModel({ env, role: "MODEL", clock })).toBeNull();
  await expect(requireJudge({ env, clock })).rejects.toMatchObject({
    code: "configuration_invalid",
    message: expect.stringContaining("JUDGE_URL"),
  });
});

it("opens the model and the judge that are set, with their keys and prices", async () => {
  const server = await createOpenAiServer({ reply: () => ({ text: "yes" }), models: ["answers", "judges"] });
  onTestFinished(() => server.close());
  const env = read({
    MODEL_URL: server.url,
    MODEL_NAME: "answers",
    MODEL_PROMPT_PRICE: "1",
    JUDGE_URL: `${server.url}/`,
    JUDGE_NAME: "judges",
    JUDGE_API_KEY: "sk-judge",
    JUDGE_COMPLETION_PRICE: "2",
    JUDGE_CACHED_PRICE: "0.1",
  });
  const judge = await requireJudge({ env, clock });
  expect(judge).toMatchObject({ name: "judges", prices: { promptUsdPerMillion: 0, completionUsdPerMillion: 2, cachedUsdPerMillion: 0.1 } });
  expect(await judge.complete?.({ system: "a", prompt: "b", maxTokens: 5 })).toMatchObject({ text: "yes" });
  expect(server.requests[0]).toMatchObject({ model: "judges", authorization: "Bearer sk-judge" });
  expect(modelSettings(env, "MODEL")).toEqual({
    url: server.url,
    name: "answers",
    prices: { promptUsdPerMillion: 1, completionUsdPerMillion: 0 },
  });
  expect(generatedPipeline("answers")).toMatchObject({ name: "generated", answer: { model: "answers", prompt: "cited-answer@1" } });
});

it("probes a server without sending it anything", async () => {
  const server = await createOpenAiServer({ reply: () => ({}), models: ["known"] });
  expect(await probeModel({ url: server.url, model: "known", apiKey: "k" })).toMatchObject({ status: "ok" });
  expect(await probeModel({ url: server.url, model: "other" })).toMatchObject({
    status: "warning",
    detail: expect.stringContaining("lacks this name"),
  });
  expect(await probeModel({ url: `${server.url}/nowhere`, model: "known" })).toMatchObject({ status: "warning" });
  expect(server.requests).toEqual([]);
  await server.close();
  expect(await probeModel({ url: server.url, model: "known", timeoutMs: 1000 })).toMatchObject({ status: "failed" });
});
