import {
  type Clock,
  FootnoteError,
  generatedPipelineName,
  type LanguageModel,
  type PipelineSpec,
  type Telemetry,
  type TokenPrices,
} from "@footnote/core";
import { withResilience } from "@footnote/answers";
import { pipelines } from "@footnote/retrieval";
import type { Environment } from "./env.ts";

type Role = "MODEL" | "JUDGE";

interface ModelSettings {
  url: string;
  name: string;
  apiKey?: string;
  prices?: TokenPrices;
}

/** What the environment says of the model that answers, or of the one that judges; null when none is set. */
export function modelSettings(env: Environment, role: Role): ModelSettings | null {
  const url = env[`${role}_URL`];
  const name = env[`${role}_NAME`];
  if (url === undefined || name === undefined) return null;
  const apiKey = env[`${role}_API_KEY`];
  const prompt = env[`${role}_PROMPT_PRICE`];
  const completion = env[`${role}_COMPLETION_PRICE`];
  const cached = env[`${role}_CACHED_PRICE`];
  return {
    url,
    name,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(prompt === undefined && completion === undefined
      ? {}
      : {
          prices: {
            promptUsdPerMillion: prompt ?? 0,
            completionUsdPerMillion: completion ?? 0,
            ...(cached === undefined ? {} : { cachedUsdPerMillion: cached }),
          },
        }),
  };
}

/** The configured model, or null. The SDK is loaded only when there is one. */
export async function openModel(options: {
  env: Environment;
  role: Role;
  clock: Clock;
  telemetry?: Telemetry;
}): Promise<LanguageModel | null> {
  const { env, role, clock, telemetry } = options;
  const settings = modelSettings(env, role);
  if (settings === null) return null;
  const { createOpenAiCompatibleModel } = await import("@footnote/answers/openai-compatible");
  const { url, name, apiKey, prices } = settings;
  const model = createOpenAiCompatibleModel({
    url,
    model: name,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(prices ? { prices } : {}),
  });
  return withResilience(model, { clock, telemetry });
}

/** The model that judges; says how to set one where there is none. */
export async function requireJudge(options: { env: Environment; clock: Clock }): Promise<LanguageModel> {
  const judge = await openModel({ ...options, role: "JUDGE" });
  if (judge) return judge;
  throw new FootnoteError(
    "configuration_invalid",
    "No judge model is configured; set JUDGE_URL and JUDGE_NAME to a server that speaks the OpenAI API.",
  );
}

/** What a server with a model offers beside the shipped pipelines: `default`, with answers that the model writes. */
export function generatedPipeline(model: string): PipelineSpec {
  const { answer, ...rest } = pipelines.default;
  return { ...rest, name: generatedPipelineName, answer: { ...answer, model, prompt: "cited-answer@1" } };
}
