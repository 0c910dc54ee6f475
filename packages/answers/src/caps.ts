import { FootnoteError, type PipelineSpec, totalCost, totalUsage, type UsageMeter, usdOfTokens } from "@footnote/core";

/** A cap of the spec that fired; not an error: what was released stays. */
export class CapReached extends Error {}

type Caps = PipelineSpec["answer"]["caps"];

/** Whether more was used than the caps allow. */
export function isBeyond({ tokens, usd }: Caps, meter: UsageMeter): boolean {
  const used = meter.used();
  const { promptTokens, completionTokens } = totalUsage(used, "");
  return promptTokens + completionTokens > tokens || totalCost(used).total > usd;
}

/**
 * A meter that allows no call beyond the caps. A call of the answer itself then throws `CapReached`. One of a step before it throws
 * `pipeline_incompatible`, so that the step is left out; it leaves the answer one call.
 */
export function withCaps(meter: UsageMeter, caps: Caps): UsageMeter {
  return {
    ...meter,
    callsOf(stage, model) {
      const count = meter.callsOf(stage, model);
      return async (guess) => {
        const used = meter.used();
        const { promptTokens, completionTokens, modelCalls } = totalUsage(used, "");
        const allowed = stage === "generate" ? caps.modelCalls : caps.modelCalls - 1;
        const tokens = promptTokens + completionTokens + guess.promptTokens + guess.completionTokens;
        const usd = totalCost(used).total + usdOfTokens(model.prices, guess);
        if (modelCalls < allowed && tokens <= caps.tokens && usd <= caps.usd) return await count(guess);
        if (stage === "generate") throw new CapReached();
        throw new FootnoteError(
          "pipeline_incompatible",
          "The caps of the pipeline leave this step no call of its model; raise answer.caps or switch the step off.",
        );
      };
    },
  };
}
