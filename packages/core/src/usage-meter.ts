import type { Cost, Usage } from "./answer.ts";
import type { CallMeter, LanguageModel, TokenUsage } from "./ports/language-model.ts";
import { usdOfTokens } from "./token-prices.ts";

/** What one step of a request used of one model: a row of the ledger. */
export interface StepUsage {
  stage: "embed" | "rerank" | "rewrite" | "transform" | "generate" | "judge";
  model: string;
  inputTokens: number;
  outputTokens: number;
  /** Of `inputTokens`. */
  cachedTokens: number;
  /** Calls of a language model. */
  modelCalls: number;
  usd: number;
}

/** Where everything that a request uses is counted, while it is used: what fails, or is left, has been counted. */
export interface UsageMeter {
  /** Counts the calls that a step makes of a language model. */
  callsOf(stage: "rewrite" | "transform" | "generate" | "judge", model: Pick<LanguageModel, "name" | "prices">): CallMeter;
  /** Tokens that an embedder or a reranker has read. */
  read(stage: "embed" | "rerank", model: string, tokens: number): void;
  /** What was used so far, calls under way at their guess, in the order of the steps' first use. */
  used(): StepUsage[];
}

interface Step {
  stage: StepUsage["stage"];
  model: string;
  prices: LanguageModel["prices"];
  tokensRead: number;
  calls: { usage: TokenUsage }[];
}

export function createUsageMeter(): UsageMeter {
  const steps: Step[] = [];
  function stepOf(stage: StepUsage["stage"], model: Pick<LanguageModel, "name" | "prices">): Step {
    const known = steps.find((step) => step.stage === stage && step.model === model.name);
    if (known) return known;
    const step: Step = { stage, model: model.name, prices: model.prices, tokensRead: 0, calls: [] };
    steps.push(step);
    return step;
  }
  return {
    callsOf: (stage, model) => async (guess) => {
      const call = { usage: guess };
      stepOf(stage, model).calls.push(call);
      return (used) => void (call.usage = used);
    },
    read: (stage, name, tokens) => void (stepOf(stage, { name }).tokensRead += tokens),
    used: () =>
      steps.map(({ stage, model, prices, tokensRead, calls }) => {
        const sum = (of: (usage: TokenUsage) => number) => calls.reduce((total, { usage }) => total + of(usage), 0);
        return {
          stage,
          model,
          inputTokens: tokensRead + sum(({ promptTokens }) => promptTokens),
          outputTokens: sum(({ completionTokens }) => completionTokens),
          cachedTokens: sum(({ cachedTokens }) => cachedTokens),
          modelCalls: calls.length,
          usd: sum((usage) => usdOfTokens(prices, usage)),
        };
      }),
  };
}

const isOfEmbedder = ({ stage }: StepUsage) => stage === "embed";
const isOfReranker = ({ stage }: StepUsage) => stage === "rerank";
const isOfLanguageModel = (step: StepUsage) => !isOfEmbedder(step) && !isOfReranker(step);

/** The steps' tokens and calls summed up; `model` is the one that answers. */
export function totalUsage(used: readonly StepUsage[], model: string): Usage {
  const asked = used.filter(isOfLanguageModel);
  const sum = (steps: readonly StepUsage[], of: (step: StepUsage) => number) => steps.reduce((total, step) => total + of(step), 0);
  return {
    model,
    promptTokens: sum(asked, ({ inputTokens }) => inputTokens),
    completionTokens: sum(asked, ({ outputTokens }) => outputTokens),
    cachedTokens: sum(asked, ({ cachedTokens }) => cachedTokens),
    embeddedTokens: sum(used.filter(isOfEmbedder), ({ inputTokens }) => inputTokens),
    modelCalls: sum(asked, ({ modelCalls }) => modelCalls),
  };
}

export function totalCost(used: readonly StepUsage[]): Cost {
  const sum = (steps: readonly StepUsage[]) => steps.reduce((total, { usd }) => total + usd, 0);
  return {
    currency: "USD",
    embed: sum(used.filter(isOfEmbedder)),
    rerank: sum(used.filter(isOfReranker)),
    generate: sum(used.filter(isOfLanguageModel)),
    total: sum(used),
  };
}
