import { throwIfAborted } from "../errors.ts";
import type { GenerateRequest, LanguageModel, ModelEvent } from "../ports/language-model.ts";

/** A step of a script: an event, an error to throw, `stall` (silent until aborted), or something to do before the next step. */
export type ScriptStep = ModelEvent | Error | "stall" | (() => void | Promise<void>);

/**
 * A language model that says what its script says, one script per call and the last one again after that. It keeps the
 * requests it got and counts the calls that were stopped before their script ended.
 */
export function createScriptedModel(options: {
  scripts: readonly (readonly ScriptStep[])[];
  name?: string;
  extractive?: boolean;
}): LanguageModel & { readonly requests: GenerateRequest[]; readonly stopped: { count: number } } {
  const { scripts, name = "scripted", extractive = false } = options;
  const requests: GenerateRequest[] = [];
  const stopped = { count: 0 };
  return {
    name,
    capabilities: { extractive },
    requests,
    stopped,
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
