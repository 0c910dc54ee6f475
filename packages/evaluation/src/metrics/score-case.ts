import { type Judge, type JudgeItem, splitSentences } from "@footnote/core";
import type { EvalCase } from "../datasets/eval-case.ts";
import type { CaseResult, GoldSpan, MetricValues, RunAnswer } from "./case-result.ts";
import { answerRelevance, claimF1, faithfulness, hasAbstained, tokenF1 } from "./answer-metrics.ts";
import {
  citationPrecision,
  citationRecall,
  goldCitationPrecision,
  goldCitationRecall,
  type JudgedSentence,
  share,
} from "./citation-metrics.ts";
import { contextPrecision, partNdcgAt, partRecallAt, partReciprocalRank, relevanceOf } from "./part-ranking.ts";

/**
 * Every metric of a run, in the order in which they are shown. Those from `faithfulness` to `answer-correctness` come from judges;
 * the others are counted. Greater is better, 0…1, null where one does not apply.
 */
export const metricNames = [
  "recall@5",
  "recall@10",
  "ndcg@10",
  "mrr",
  "context-precision",
  "context-recall",
  "faithfulness",
  "citation-precision",
  "citation-recall",
  "answer-relevance",
  "answer-correctness",
  "gold-citation-precision",
  "gold-citation-recall",
  "gold-first",
  "token-f1",
  "citations-verified",
  "abstention",
] as const;
export type MetricName = (typeof metricNames)[number];

/** What judges. What is left out leaves its metrics null. */
export interface Judges {
  /** Without one the support that the product stated itself is taken for faithfulness and citation recall, and the run says so. */
  judge?: Judge;
  /** Statements of a sentence. Default: the sentence is one. */
  splitClaims?: { name: string; version: string; split(sentence: string): string[] };
  /** How well an answer is to its question's point, 0…1 for each pair, for answer relevance. Default: by the vectors of `embed`. */
  relevance?: {
    name: string;
    version: string;
    judge(pairs: readonly { question: string; answer: string }[], signal?: AbortSignal): Promise<number[]>;
  };
  /** Vectors of L2 norm 1 in order, for answer relevance by the formula of ragas. */
  embed?: { name: string; version: string; embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> };
}

/** Names and versions of everything in `judges`: what two runs must have in common. */
export function judgeNames({ judge, splitClaims, relevance, embed }: Judges): string[] {
  const named = [judge, splitClaims, relevance, embed]
    .filter((part) => part !== undefined)
    .map(({ name, version }) => `${name}@${version}`);
  return [...(judge ? [] : ["stated@1"]), ...named];
}

/**
 * All metrics of one answer. An abstention has no claims and no citations: those metrics are null for it, but relevance and correctness are 0
 * where the question could be answered. For an unanswerable question only abstention, verification and faithfulness have a value.
 */
export async function scoreCase(options: {
  case: EvalCase;
  answer: RunAnswer;
  gold: readonly GoldSpan[];
  judges: Judges;
  signal?: AbortSignal;
}): Promise<Required<Pick<CaseResult, "metrics" | "judging">>> {
  const { answer, gold, judges, signal } = options;
  const { answerable, question, referenceAnswer } = options.case;
  const abstained = hasAbstained(answer);
  const cited = answer.sentences.flatMap(({ citations }) => citations);
  const relevance = relevanceOf(answer.contexts, gold);
  const judging = { usd: 0, modelCalls: 0 };
  const judged = await judgeAnswer({ question, answer, referenceAnswer, judges, abstained, judging, signal });

  const metrics: Record<MetricName, number | null> = {
    "recall@5": partRecallAt(5, answer.ranking, gold),
    "recall@10": partRecallAt(10, answer.ranking, gold),
    "ndcg@10": partNdcgAt(10, answer.ranking, gold),
    mrr: partReciprocalRank(answer.ranking, gold),
    "context-precision": relevance && contextPrecision(relevance),
    "context-recall": partRecallAt(answer.contexts.length, answer.contexts, gold),
    faithfulness: judged.faithfulness,
    "citation-precision": judged.citationPrecision,
    "citation-recall": judged.citationRecall,
    "answer-relevance":
      answerable && (judges.relevance ?? judges.embed) ? (abstained ? 0 : await relevanceTo({ question, answer, judges, signal })) : null,
    "answer-correctness": answerable && referenceAnswer !== undefined && judges.judge ? (abstained ? 0 : judged.correctness) : null,
    "gold-citation-precision": abstained ? null : goldCitationPrecision(cited, gold),
    "gold-citation-recall": goldCitationRecall(cited, gold),
    "gold-first": answerable && gold.length > 0 ? (goldCitationPrecision(cited.slice(0, 1), gold) ?? 0) : null,
    "token-f1": answerable && referenceAnswer !== undefined ? (abstained ? 0 : tokenF1(saidOf(answer), referenceAnswer)) : null,
    "citations-verified": share(cited.map(({ verified }) => verified)),
    abstention: Number(abstained === !answerable),
  };
  return { metrics: metrics satisfies MetricValues, judging };
}

/** What an answer says, without the markers of its citations: `[1]` is no number of it. */
function saidOf({ text, sentences }: RunAnswer): string {
  return sentences.length === 0 ? text : sentences.map((sentence) => sentence.text).join(" ");
}

async function relevanceTo(options: {
  question: string;
  answer: RunAnswer;
  judges: Judges;
  signal: AbortSignal | undefined;
}): Promise<number | null> {
  const { question, answer, judges, signal } = options;
  if (judges.relevance) return (await judges.relevance.judge([{ question, answer: saidOf(answer) }], signal))[0] ?? null;
  if (!judges.embed) return null;
  const texts = answer.sentences.map(({ text }) => text);
  const [asked, ...said] = await judges.embed.embed([question, ...texts], signal);
  return asked === undefined ? null : answerRelevance(asked, said);
}

interface JudgedAnswer {
  faithfulness: number | null;
  citationPrecision: number | null;
  citationRecall: number | null;
  correctness: number | null;
}

async function judgeAnswer(options: {
  question: string;
  answer: RunAnswer;
  referenceAnswer: string | undefined;
  judges: Judges;
  abstained: boolean;
  judging: { usd: number; modelCalls: number };
  signal: AbortSignal | undefined;
}): Promise<JudgedAnswer> {
  const { question, answer, referenceAnswer, judges, abstained, judging, signal } = options;
  const { sentences } = answer;
  if (abstained || sentences.length === 0) return { faithfulness: null, citationPrecision: null, citationRecall: null, correctness: null };
  const { judge, splitClaims } = judges;
  if (!judge) {
    const stated = sentences.map(({ stated }) => stated);
    const recall = share(sentences.map((one) => one.stated === "supported" && one.citations.length > 0));
    return { faithfulness: faithfulness(stated), citationPrecision: null, citationRecall: recall, correctness: null };
  }
  const claimsOf = (sentence: string) => {
    const claims = splitClaims?.split(sentence) ?? [];
    return claims.length > 0 ? claims : [sentence];
  };

  // Everything that is asked goes to the judge in one batch, equal items once.
  const items: JudgeItem[] = [];
  const places = new Map<string, number>();
  const ask = (claim: string, evidence: readonly string[]): number => {
    const key = JSON.stringify([claim, evidence]);
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, items.length);
    items.push({ claim, evidence, question });
    return items.length - 1;
  };
  const asked = sentences.map(({ text, citations }) => {
    const quotes = citations.map((citation) => citation.text);
    return {
      claims: claimsOf(text).map((claim) => ask(claim, quotes)),
      together: ask(text, quotes),
      citations: quotes.map((quote, index) => ({ alone: ask(text, [quote]), without: ask(text, quotes.toSpliced(index, 1)) })),
    };
  });
  const reference =
    referenceAnswer === undefined
      ? null
      : splitSentences(referenceAnswer)
          .map(({ start, end }) => referenceAnswer.slice(start, end))
          .filter((one) => one.trim() !== "")
          .flatMap(claimsOf);
  const said = sentences.flatMap(({ text }) => claimsOf(text));
  const stated = reference === null ? [] : said.map((claim) => ask(claim, [referenceAnswer ?? ""]));
  const expected = reference === null ? [] : reference.map((claim) => ask(claim, [saidOf(answer)]));

  const { verdicts, usd, modelCalls } = await judge.judge({ items, ...(signal ? { signal } : {}) });
  judging.usd += usd;
  judging.modelCalls += modelCalls;
  const support = (place: number) => (items[place]?.evidence.length === 0 ? "unsupported" : (verdicts[place]?.support ?? "unsupported"));
  const holds = (place: number) => support(place) === "supported";
  const judged = asked.map(({ together, citations }): JudgedSentence => ({
    supported: citations.length > 0 && holds(together),
    citations: citations.map(({ alone, without }) => ({ alone: holds(alone), othersWithout: holds(without) })),
  }));
  return {
    faithfulness: faithfulness(asked.flatMap(({ claims }) => claims.map(support))),
    citationPrecision: citationPrecision(judged),
    citationRecall: citationRecall(judged),
    correctness: reference === null ? null : claimF1({ stated: stated.map(holds), expected: expected.map(holds) }),
  };
}
