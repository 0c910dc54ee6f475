import {
  type CallMeter,
  canonicalJson,
  createUsageMeter,
  FootnoteError,
  type Judge,
  type JudgeItem,
  type LanguageModel,
  sha256,
  throwIfAborted,
  totalCost,
  totalUsage,
  type UsageMeter,
  type Verdict,
} from "@footnote/core";
import { z } from "zod";
import type { JudgeCache } from "./judge-cache.ts";
import { claimsPromptVersion, decomposeClaim } from "./llm-claims.ts";
import { judgeStatements, type StatementVerdict, verdictsPromptVersion } from "./llm-verdicts.ts";

export interface LlmJudgeOptions {
  /** A model that completes prompts; better another one than the one that is judged. */
  model: LanguageModel;
  /** Default: nothing is kept. */
  cache?: JudgeCache;
  /** Items judged at once. Default 4. */
  concurrency?: number;
  /** Whether the model takes each claim apart before it judges it. Default true; false where claims are single statements already. */
  decompose?: boolean;
  /** Upper bound of one reply in tokens. Default 2,048. */
  maxTokens?: number;
}

export interface LlmVerdict extends Verdict {
  statements: StatementVerdict[];
}

export interface LlmJudge extends Judge {
  judge(request: { items: readonly JudgeItem[]; signal?: AbortSignal }): Promise<{
    verdicts: LlmVerdict[];
    usd: number;
    modelCalls: number;
    /** Statements of which the two questions said opposite things, and all statements. */
    disagreements: number;
    statements: number;
    /** Items whose verdict was known. */
    cached: number;
  }>;
  /** What it used since it was made, for verdicts that failed too. */
  spent(): { usd: number; modelCalls: number };
}

const storedSchema = z.array(
  z.strictObject({
    statement: z.string(),
    entailed: z.boolean(),
    fault: z.enum(["none", "missing", "contradicted"]),
    disagreed: z.boolean(),
  }),
);

/**
 * A judge over a language model: claim → statements → for each, whether the evidence entails it and, asked the other way round, what is wrong
 * with it. A statement counts as supported only when both agree on it; where they disagree it counts half and is reported. Texts are data in
 * JSON strings. An item without evidence is unsupported without a call. A refusal, or a reply that stays malformed after one repair, throws:
 * no verdict is made up.
 */
export function createLlmJudge(options: LlmJudgeOptions): LlmJudge {
  const { model, cache, concurrency = 4, decompose = true, maxTokens = 2_048 } = options;
  if (model.complete === undefined) {
    throw new FootnoteError(
      "configuration_invalid",
      `The model ${model.name} cannot judge: it completes no prompts; set JUDGE_URL and JUDGE_NAME.`,
    );
  }
  const name = `llm:${model.name}`;
  const version = `1+${decompose ? `${claimsPromptVersion}+` : ""}${verdictsPromptVersion}`;

  const all = createUsageMeter();
  const spentIn = (meter: UsageMeter) => {
    const used = meter.used();
    return { usd: totalCost(used).total, modelCalls: totalUsage(used, model.name).modelCalls };
  };

  async function statementsOf(item: JudgeItem, meter: CallMeter, signal: AbortSignal | undefined): Promise<StatementVerdict[]> {
    const { claim, evidence, question } = item;
    const read = evidence.filter((text) => text.trim() !== "");
    const common = { maxTokens, meter, ...(question === undefined ? {} : { question }), ...(signal ? { signal } : {}) };
    let statements = [claim];
    if (decompose) {
      const parts = await decomposeClaim(model, { text: claim, ...common });
      // A claim that is said to state nothing is judged as it stands: nothing can be talked out of being judged.
      if (parts.length > 0) statements = parts;
    }
    return await judgeStatements(model, { statements, evidence: read, ...common });
  }

  return {
    name,
    version,
    capabilities: { deterministic: false, batchSize: concurrency, metered: true },
    async judge({ items, signal }) {
      const own = createUsageMeter();
      const meters = [own, all].map((meter) => meter.callsOf("judge", model));
      const meter: CallMeter = async (guess) => {
        const settle = await Promise.all(meters.map((count) => count(guess)));
        return (used) => {
          for (const one of settle) one(used);
        };
      };
      let cached = 0;
      const judged: StatementVerdict[][] = [];
      let next = 0;
      const failed = new AbortController();
      const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
      async function work(): Promise<void> {
        for (;;) {
          const at = next++;
          const item = items[at];
          if (item === undefined) return;
          throwIfAborted(stop);
          if (item.evidence.every((text) => text.trim() === "")) {
            judged[at] = [{ statement: item.claim, entailed: false, fault: "missing", disagreed: false }];
            continue;
          }
          const key = sha256(
            canonicalJson({ name, version, claim: item.claim, evidence: [...item.evidence], question: item.question ?? null }),
          );
          const known = storedSchema.safeParse(await cache?.get(key));
          if (known.success) {
            judged[at] = known.data;
            cached += 1;
            continue;
          }
          const verdicts = await statementsOf(item, meter, stop);
          judged[at] = verdicts;
          await cache?.set(key, verdicts);
        }
      }
      try {
        await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work));
      } catch (error) {
        // The other items' calls would be paid for nothing.
        failed.abort(new FootnoteError("cancelled", "Another item could not be judged."));
        throw error;
      }
      const verdicts = judged.map(verdictOf);
      const statements = judged.flat();
      return {
        verdicts,
        ...spentIn(own),
        disagreements: statements.filter(({ disagreed }) => disagreed).length,
        statements: statements.length,
        cached,
      };
    },
    spent: () => spentIn(all),
  };
}

/** Of a whole claim: supported when every statement is, unsupported when one is contradicted or none has support. */
function verdictOf(statements: readonly StatementVerdict[]): LlmVerdict {
  const kept = statements.map((one) => ({ ...one }));
  const scores = kept.map(({ disagreed, entailed }): number => (disagreed ? 0.5 : entailed ? 1 : 0));
  const score = scores.reduce((sum, one) => sum + one, 0) / scores.length;
  const contradicted = kept.some(({ fault, disagreed }) => fault === "contradicted" && !disagreed);
  const disagreed = kept.filter((one) => one.disagreed).length;
  const reason = contradicted
    ? "the evidence contradicts a statement of it"
    : disagreed > 0
      ? "the two questions about it got opposite answers"
      : score < 1
        ? "the evidence lacks a statement of it"
        : null;
  const support = score === 1 ? "supported" : contradicted || score === 0 ? "unsupported" : "partial";
  return { support, score, ...(reason === null ? {} : { reason }), statements: kept };
}
