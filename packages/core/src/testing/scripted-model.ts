import { throwIfAborted, toFootnoteError } from "../errors.ts";
import type {
  CompletionRequest,
  CompletionResult,
  GenerateRequest,
  LanguageModel,
  ModelEvent,
  TokenPrices,
} from "../ports/language-model.ts";
import { usageOfFailure } from "../token-prices.ts";

/** A step of a script: an event, an error to throw, `stall` (silent until aborted), or something to do before the next step. */
export type ScriptStep = ModelEvent | Error | "stall" | (() => void | Promise<void>);

export type ScriptedCompletion = Partial<CompletionResult>;

export interface ScriptedModel extends LanguageModel {
  readonly requests: GenerateRequest[];
  readonly completionRequests: CompletionRequest[];
  readonly stopped: { count: number };
}

/**
 * A language model that says what its script says, one script per call and the last one again after that. It keeps the
 * requests it got and counts the calls that were stopped before their script ended.
 */
export function createScriptedModel(options: {
  scripts: readonly (readonly ScriptStep[])[];
  name?: string;
  extractive?: boolean;
  /** Replies of `complete`: one per call and the last one again, or a function of the request. Default: the model cannot complete. */
  completions?: readonly (ScriptedCompletion | Error)[] | ((request: CompletionRequest) => ScriptedCompletion);
  prices?: TokenPrices;
}): ScriptedModel {
  const { scripts, name = "scripted", extractive = false, completions, prices } = options;
  const requests: GenerateRequest[] = [];
  const completionRequests: CompletionRequest[] = [];
  const stopped = { count: 0 };
  return {
    name,
    capabilities: { extractive, completion: completions !== undefined },
    ...(prices ? { prices } : {}),
    requests,
    completionRequests,
    stopped,
    ...(completions
      ? {
          async complete(request: CompletionRequest): Promise<CompletionResult> {
            throwIfAborted(request.signal);
            const settle = await request.meter?.({ promptTokens: 10, completionTokens: request.maxTokens, cachedTokens: 0 });
            completionRequests.push(request);
            const at = Math.min(completionRequests.length, completions.length) - 1;
            const said = typeof completions === "function" ? completions(request) : completions[at];
            if (said instanceof Error) {
              settle?.(usageOfFailure(toFootnoteError(said)));
              throw said;
            }
            const reply: CompletionResult = {
              text: "",
              finishReason: "stop",
              usage: { promptTokens: 10, completionTokens: 5, cachedTokens: 0 },
              ...said,
            };
            settle?.(reply.usage);
            return { ...reply, ...(request.schema ? objectOf(reply.text) : {}) };
          },
        }
      : {}),
    async *generate(request) {
      requests.push(request);
      const script = scripts[Math.min(requests.length, scripts.length) - 1] ?? [];
      let ended = false;
      try {
        for (const step of script) {
          throwIfAborted(request.signal);
          if (step instanceof Error) throw step;
          if (step === "stall") {
            await new Promise<void>((resolve) => {
              if (request.signal?.aborted) return resolve();
              request.signal?.addEventListener("abort", () => resolve(), { once: true });
            });
            throwIfAborted(request.signal);
          } else if (typeof step === "function") await step();
          else yield step;
        }
        ended = true;
      } finally {
        if (!ended) stopped.count += 1;
      }
    },
  };
}

/** A script that says a text cut into deltas and finishes. */
export function scriptText(deltas: readonly string[], reason: Extract<ModelEvent, { type: "finish" }>["reason"] = "stop"): ModelEvent[] {
  return [
    ...deltas.map((text): ModelEvent => ({ type: "text-delta", text })),
    { type: "finish", reason, promptTokens: 10, completionTokens: deltas.length, cachedTokens: 0 },
  ];
}

function objectOf(text: string): { object?: unknown } {
  try {
    return { object: JSON.parse(text) };
  } catch {
    return {};
  }
}
