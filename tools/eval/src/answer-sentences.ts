import {
  type AnswerQuestionOptions,
  type AnswerSources,
  answerQuestion,
  collectAnswer,
  type ScoredUnit,
  type TermsOf,
  type UnitScorer,
} from "@footnote/answers";
import { type GenerateRequest, type LanguageModel, newId, type PipelineSpec, type SearchResult, type Telemetry } from "@footnote/core";
import type { SpannedQuestion } from "@footnote/evaluation/datasets";

/** One sentence that could have been cited, as the extractive model saw it. */
export interface RankedSentence {
  support: number;
  features: number[];
  /** Holds part of an annotated answer at its place. */
  bears: boolean;
  /** Says an annotated answer's words, wherever it stands. */
  says: boolean;
}

export interface AnsweredQuestion {
  question: SpannedQuestion;
  /** The question's own document is among the sources. */
  found: boolean;
  /** Best first. */
  sentences: RankedSentence[];
  /** What the answer path did: cited a bearing sentence first, or abstained. */
  citedFirst: boolean;
  abstained: boolean;
  milliseconds: number;
  embeddedTokens: number;
}

/**
 * Asks one question through the answer path (retrieval, packing, extractive model, checks), and keeps the order in which the model saw the sentences.
 * `documentOf` names a stored document as the set does.
 */
export async function answerSpanned(options: {
  question: SpannedQuestion;
  spec: PipelineSpec;
  model: LanguageModel;
  scorer: UnitScorer;
  featureNames: readonly string[];
  documentOf(id: string): string;
  search(query: string, signal: AbortSignal): Promise<SearchResult>;
  pack: NonNullable<AnswerSources["pack"]>;
  terms: TermsOf;
  clock: AnswerQuestionOptions["clock"];
  telemetry: Telemetry;
  signal?: AbortSignal;
}): Promise<AnsweredQuestion> {
  const { question, spec, model, scorer, featureNames, documentOf, search, pack, terms, clock, telemetry, signal } = options;
  let seen: GenerateRequest | undefined;
  const noting: LanguageModel = {
    ...model,
    generate(request) {
      seen = request;
      return model.generate(request);
    },
  };
  const began = performance.now();
  const answer = await collectAnswer(
    answerQuestion({
      question: question.question,
      history: [],
      spec,
      sources: { search: (query, { signal: abort }) => search(query, abort), pack },
      model: noting,
      save: async () => {},
      ids: { answer: newId("answer"), conversation: newId("conversation") },
      clock,
      telemetry,
      language: { terms },
      ...(signal ? { signal } : {}),
    }),
  );
  const milliseconds = performance.now() - began;
  const bears = (document: string, span: { start: number; end: number }) =>
    document === question.document && question.spans.some(({ start, end }) => span.start < end && span.end > start);
  // The request's own signal has fired by now.
  const scored =
    seen === undefined ? [] : (await scorer.score({ question: seen.question, history: seen.history, sources: seen.sources })).parts.flat();
  const first = answer.citations[0];
  return {
    question,
    found: answer.sources.some(({ chunk }) => documentOf(chunk.documentId) === question.document),
    sentences: bestOnce(scored).map(({ candidate: { unit, source }, support, features }) => ({
      support,
      features: featureNames.map((name) => Number(Reflect.get(features, name))),
      bears: bears(documentOf(source.hit.chunk.documentId), unit),
      says: question.spans.some(({ text }) => unit.text.includes(text)),
    })),
    citedFirst: first !== undefined && bears(documentOf(first.source.documentId), first.sourceSpan),
    abstained: answer.citations.length === 0,
    milliseconds,
    embeddedTokens: answer.usage.embeddedTokens,
  };
}

/** Sentences by what they score for the part of the question that they answer best. */
function bestOnce(scored: readonly ScoredUnit[]): ScoredUnit[] {
  const best = new Map<string, ScoredUnit>();
  for (const unit of scored.toSorted((a, b) => b.logit - a.logit)) {
    const { source, unit: sentence } = unit.candidate;
    const key = `${source.hit.chunk.id}:${sentence.start}`;
    if (!best.has(key)) best.set(key, unit);
  }
  return [...best.values()];
}
