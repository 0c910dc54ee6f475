import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FootnoteError, splitSentences } from "@footnote/core";
import { createLocalEmbedder } from "@footnote/embedding";
import { readBeirCorpus, readScifactClaims, readSpannedQuestions, type SpannedQuestion } from "@footnote/evaluation/datasets";
import { fitLogistic } from "@footnote/evaluation/fitting";
import {
  type AnswerRelevance,
  createAnswerRelevance,
  createDeterministicJudge,
  createSupportFeatures,
  judgePairs,
  judgeQuality,
  type JudgeQuality,
  supportFeatureNames,
} from "@footnote/evaluation/judges";
import { bootstrapArea, bootstrapMean, type Interval } from "@footnote/evaluation/statistics";
import { withEmbeddingCache } from "./embedding-cache.ts";
import { findShared } from "./shared-folder.ts";
import { writeFitted } from "./write-fitted.ts";

/** How well relevance tells a sentence that answers from one that does not. */
export interface RelevanceQuality {
  questions: number;
  /** Against another sentence of the same paragraph. */
  sameParagraph: Interval;
  /** Answered questions with their sentence against unanswerable ones with the sentence that looks like an answer. */
  unanswerable: Interval;
  /** Share of pairs of the second kind on the right side of 0.5. */
  accuracy: Interval;
}

export interface JudgesReport {
  scifact: JudgeQuality | null;
  relevance: RelevanceQuality | null;
  skipped: string[];
}

export interface RunJudgesOptions {
  variables: Record<string, string | undefined>;
  /** Embeddings of earlier runs. Default: none are kept. */
  cacheDir?: string;
  log(line: string): void;
  signal?: AbortSignal;
}

type Embed = Parameters<typeof createDeterministicJudge>[0]["embed"];

async function withEmbed<T>({ cacheDir }: RunJudgesOptions, work: (embed: Embed) => Promise<T>): Promise<T> {
  const local = createLocalEmbedder({ threads: 1 });
  const embedder = cacheDir ? await withEmbeddingCache(local, cacheDir) : local;
  try {
    return await work(async (texts, { signal }) => {
      const made = await embedder.embed({ texts, purpose: "passage", ...(signal ? { signal } : {}) });
      return made.map(({ vector }) => vector);
    });
  } finally {
    await embedder.close();
  }
}

/** `eval judges`: what the judges that need no model say of labelled data that nothing was fitted on. */
export async function runJudges(options: RunJudgesOptions): Promise<JudgesReport> {
  const { variables, log, signal } = options;
  const scifactFolder = findShared("data/retrieval/scifact", variables);
  const squadFolder = findShared("data/retrieval/squad-v2", variables);
  const skipped = [...(scifactFolder ? [] : ["scifact"]), ...(squadFolder ? [] : ["squad-v2"])];
  return withEmbed(options, async (embed) => {
    const aborted = signal ? { signal } : {};
    let scifact: JudgeQuality | null = null;
    if (scifactFolder) {
      const judge = createDeterministicJudge({ embed });
      const pairs = await readScifactClaims(scifactFolder, "validation");
      const judged = await judgePairs({ judge, pairs, onProgress: (done) => log(`${done} of ${pairs.length} claims`), ...aborted });
      scifact = judgeQuality(`${judge.name}@${judge.version}`, judged);
    }
    const relevance = squadFolder
      ? await relevanceQuality(createAnswerRelevance({ embed }), await relevancePairs(squadFolder, "test"), signal)
      : null;
    return { scifact, relevance, skipped };
  });
}

export interface FittedJudges {
  /** On the training rows. */
  support: {
    rows: number;
    /** And the intercept. */
    weights: Record<string, number>;
    thresholds: { atLeast: number; precision: number; recall: number }[];
  };
  relevance: { rows: number; weights: Record<string, number> };
}

const rounded = (value: number) => Math.round(value * 1000) / 1000;

/**
 * Scores from which a claim is called supported, and partly supported: the least tenth at which 85 % of those called so were so in training, and the
 * last one below which fewer than 6 % of the supported lay.
 */
function chosenThresholds(tried: FittedJudges["support"]["thresholds"]): { supported: number; partial: number } {
  const supported = tried.find(({ precision }) => precision >= 0.85);
  const partial = tried.findLast(({ recall }) => recall > 0.94);
  if (!supported || !partial) throw new FootnoteError("internal", "No score tells supported claims apart; look at what the fit gives.");
  return { supported: supported.atLeast, partial: Math.min(partial.atLeast, supported.atLeast) };
}

/** Writes both formulas as the next versions and gives their names. */
export async function writeJudges(checkout: string, { support, relevance }: FittedJudges): Promise<string[]> {
  const folder = "packages/evaluation/src/judges/weights";
  const by = "pnpm eval judges --fit --write";
  const { weights, rows } = support;
  return await writeFitted(checkout, folder, [
    {
      family: "support",
      by,
      data: [`SciFact's claims of the split train, without those in conflict: ${rows} pairs`],
      content: { weights, thresholds: chosenThresholds(support.thresholds) },
    },
    {
      family: "relevance",
      by,
      data: [
        `SQuAD 2.0, the articles for fitting: ${relevance.rows} pairs of a question with the answering sentence or another of its paragraph`,
      ],
      content: { weights: relevance.weights },
    },
  ]);
}

/** Fits the constants of both judges. Reads training rows only: SciFact's split `train`, and the articles of SQuAD that are for fitting. */
export async function fitJudges(options: RunJudgesOptions): Promise<FittedJudges | null> {
  const { variables, log, signal } = options;
  const scifactFolder = findShared("data/retrieval/scifact", variables);
  const squadFolder = findShared("data/retrieval/squad-v2", variables);
  if (!scifactFolder || !squadFolder) return null;
  return withEmbed(options, async (embed) => {
    const pairs = await readScifactClaims(scifactFolder, "train");
    const reader = createSupportFeatures({ embed, cachedVectors: 50_000 });
    const rows: { features: number[]; outcome: number }[] = [];
    for (const [at, { claim, title, abstract, label }] of pairs.entries()) {
      const { values, conflict } = await reader.read({ claim, evidence: [title, abstract] }, signal);
      // What contradicts is found by comparison; the formula only tells whether the evidence speaks of it at all.
      if (label !== "contradict" && conflict === null) {
        rows.push({ features: supportFeatureNames.map((name) => values[name]), outcome: Number(label === "support") });
      }
      if (at % 200 === 0) log(`${at} of ${pairs.length} claims`);
    }
    const support = fitLogistic(rows, { l2: 0.001 });
    const scored = rows.map(({ features, outcome }) => ({
      outcome,
      score: 1 / (1 + Math.exp(-support.intercept - features.reduce((sum, value, at) => sum + value * (support.weights[at] ?? 0), 0))),
    }));
    const thresholds = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((atLeast) => {
      const called = scored.filter(({ score }) => score >= atLeast);
      const right = called.filter(({ outcome }) => outcome === 1).length;
      return { atLeast, precision: right / called.length, recall: right / scored.filter(({ outcome }) => outcome === 1).length };
    });
    const relevance = createAnswerRelevance({ embed });
    const examples = await relevancePairs(squadFolder, "train");
    const pairRows = [...examples.answers.map((pair) => ({ pair, outcome: 1 })), ...examples.others.map((pair) => ({ pair, outcome: 0 }))];
    const values = await relevance.features(
      pairRows.map(({ pair }) => pair),
      signal,
    );
    const relevanceNames = ["cosine", "words", "type"] as const;
    const fitted = fitLogistic(
      pairRows.map(({ outcome }, at) => ({ outcome, features: relevanceNames.map((name) => values[at]?.[name] ?? 0) })),
      { l2: 0.001 },
    );
    const named = (names: readonly string[], { intercept, weights }: { intercept: number; weights: readonly number[] }) =>
      Object.fromEntries([["intercept", rounded(intercept)], ...names.map((name, at) => [name, rounded(weights[at] ?? 0)])]);
    return {
      support: { rows: rows.length, weights: named(supportFeatureNames, support), thresholds },
      relevance: { rows: pairRows.length, weights: named(relevanceNames, fitted) },
    };
  });
}

interface Pair {
  question: string;
  answer: string;
}

/** Of each question one sentence: the one that answers, another of its paragraph, and for unanswerable questions the one that looks like an answer. */
async function relevancePairs(
  folder: string,
  split: SpannedQuestion["split"],
): Promise<{ answers: Pair[]; others: Pair[]; decoys: Pair[] }> {
  const name = "dev-v2.0-half.json";
  const texts = new Map<string, string>();
  for await (const { id, text } of readBeirCorpus(folder)) texts.set(id, text);
  const result = { answers: [] as Pair[], others: [] as Pair[], decoys: [] as Pair[] };
  for (const question of readSpannedQuestions(await readFile(join(folder, name), "utf8"), name)) {
    const span = question.spans[0];
    const text = texts.get(question.document);
    if (question.split !== split || span === undefined || text === undefined) continue;
    const sentences = splitSentences(text);
    const at = sentences.findIndex(({ start, end }) => span.start < end && span.end > start);
    const sentence = sentences[at];
    if (sentence === undefined) continue;
    const pair = (chosen: { start: number; end: number }): Pair => ({
      question: question.question,
      answer: text.slice(chosen.start, chosen.end),
    });
    if (!question.answerable) {
      result.decoys.push(pair(sentence));
      continue;
    }
    result.answers.push(pair(sentence));
    const free = sentences.filter(({ start, end }) => !question.spans.some((other) => other.start < end && other.end > start));
    const other = free[at % Math.max(1, free.length)];
    if (other !== undefined) result.others.push(pair(other));
  }
  return result;
}

async function relevanceQuality(
  relevance: AnswerRelevance,
  pairs: Awaited<ReturnType<typeof relevancePairs>>,
  signal: AbortSignal | undefined,
): Promise<RelevanceQuality> {
  const scoresOf = async (some: readonly Pair[]) => relevance.judge(some, signal);
  const answers = (await scoresOf(pairs.answers)).map((score) => ({ score, positive: true }));
  const others = (await scoresOf(pairs.others)).map((score) => ({ score, positive: false }));
  const decoys = (await scoresOf(pairs.decoys)).map((score) => ({ score, positive: false }));
  return {
    questions: answers.length + decoys.length,
    sameParagraph: bootstrapArea([...answers, ...others]),
    unanswerable: bootstrapArea([...answers, ...decoys]),
    accuracy: bootstrapMean([...answers, ...decoys].map(({ score, positive }) => Number(score >= 0.5 === positive))),
  };
}

const cell = ({ mean, low, high }: Interval) => `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

export function formatJudgesReport({ scifact, relevance }: JudgesReport): string {
  const lines: string[] = [];
  if (scifact) {
    const { confusion, supported, area } = scifact;
    lines.push(
      `SciFact, ${scifact.pairs} pairs of the validation split, judge ${scifact.judge}; 95 % bootstrap`,
      "labelled      supported  partial  unsupported",
      ...Object.entries(confusion).map(
        ([label, row]) =>
          `${label.padEnd(12)}  ${[row.supported, row.partial, row.unsupported].map((count) => String(count).padStart(7)).join("  ")}`,
      ),
      `supported or not: accuracy ${cell(supported.accuracy)} (majority ${scifact.majorityAccuracy.toFixed(3)}), precision ${cell(supported.precision)}, recall ${cell(supported.recall)}`,
      `area under ROC: against all others ${cell(area.all)}, contradicted ${cell(area.contradicted)}, unrelated ${cell(area.unrelated)}`,
    );
  }
  if (relevance) {
    lines.push(
      `SQuAD, ${relevance.questions} questions of the articles for reporting; answer relevance; 95 % bootstrap`,
      `area under ROC: the answering sentence against another of its paragraph ${cell(relevance.sameParagraph)}, against what looks like an answer to an unanswerable question ${cell(relevance.unanswerable)}`,
      `on the right side of 0.5, answered and unanswerable: ${cell(relevance.accuracy)}`,
    );
  }
  return lines.join("\n");
}
