import { foldText } from "@footnote/core";
import type { RunAnswer, RunContext, RunSentence } from "../metrics/case-result.ts";
import type { EvalTarget, TargetAnswer, TargetHit } from "./eval-target.ts";

/** An answer and its ranking in the form that metrics look at. Every quote is compared with the stored text at its span. */
export async function readAnswer(options: {
  answer: TargetAnswer;
  ranking: readonly TargetHit[];
  milliseconds: number;
  readVersion: EvalTarget["readVersion"];
}): Promise<RunAnswer> {
  const { answer, ranking, milliseconds, readVersion } = options;
  const contextOf = async ({ chunk }: TargetHit): Promise<RunContext> => {
    const { documentId, versionId, start, end, text } = chunk;
    return { document: (await readVersion({ documentId, versionId })).externalId, start, end, text };
  };
  return {
    text: answer.text,
    finishReason: answer.finishReason,
    sentences: await sentencesOf(answer, readVersion),
    contexts: await Promise.all(answer.sources.map(contextOf)),
    ranking: await Promise.all(ranking.map(contextOf)),
    milliseconds,
    usd: answer.cost.total,
    degraded: answer.degraded.map(({ step, reason }) => `${step}: ${reason}`),
  };
}

async function sentencesOf(answer: TargetAnswer, readVersion: EvalTarget["readVersion"]): Promise<RunSentence[]> {
  const { text, citations } = answer;
  // Citations without a claim would vanish from every metric: the text then counts as one sentence that nobody vouches for.
  const whole = { answerSpan: { start: 0, end: text.length }, support: "unsupported" as const };
  const claims = answer.claims.length > 0 || citations.length === 0 ? answer.claims : [whole];
  const sentences = claims.map(({ answerSpan, support }): RunSentence => ({
    text: text.slice(answerSpan.start, answerSpan.end).trim(),
    stated: support,
    citations: [],
  }));
  for (const { answerSpan, sourceSpan, quote, verification, source } of citations) {
    const found = claims.findLastIndex((claim) => claim.answerSpan.start <= answerSpan.start);
    const { externalId, text: stored } = await readVersion(source);
    const actual = stored.slice(sourceSpan.start, sourceSpan.end);
    const same = verification === "exact" ? actual === quote : foldText(actual) === foldText(quote);
    sentences[Math.max(0, found)]?.citations.push({
      document: externalId,
      ...sourceSpan,
      text: actual,
      verified: same && quote.trim() !== "",
    });
  }
  return sentences;
}
