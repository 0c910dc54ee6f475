import {
  type ClaimSupport,
  dot,
  foldText,
  FootnoteError,
  type Judge,
  type JudgeItem,
  splitSentences,
  throwIfAborted,
  type Verdict,
} from "@footnote/core";
import { LRUCache } from "lru-cache";
import { type Analysis, analyze } from "./analysis.ts";
import type { Conflict } from "./conflicts/conflict.ts";
import { findConflict } from "./conflicts/find-conflict.ts";
import { coverageOf, orderOf } from "./coverage.ts";
import { splitClaims } from "./split-claims.ts";
import support from "./weights/support@1.json" with { type: "json" };

/** Vectors of length 1, one per text in order. */
export type EmbedTexts = (texts: readonly string[], options: { signal?: AbortSignal }) => Promise<readonly Float32Array[]>;

export interface DeterministicJudgeOptions {
  embed: EmbedTexts;
  /** BCP 47 primary subtag of claims and evidence, for sentence ends. Default `en`. */
  language?: string;
  /** Vectors kept in memory, least recently used out first. Default 5,000. */
  cachedVectors?: number;
}

/** What the score of a statement is made of, each 0…1. */
export interface SupportFeatures {
  /** Weighted share of its words and numbers that stand in the evidence. */
  coverage: number;
  /** The same in the one sentence that holds most. */
  sentenceCoverage: number;
  /** Greatest cosine with a sentence, or with two that follow each other. */
  cosine: number;
  /** Longest common subsequence of content words with the best sentence, as a share of the statement's. */
  order: number;
}

interface Statement extends Verdict {
  isContradicted?: boolean;
}

/** The formula that the evidence speaks of what a statement says. Another one makes another version of the judge. */
const { weights } = support;
/**
 * Scores from which a claim is called supported, and partly supported: the least tenth at which 85 % of those called so were so in training, and the
 * one below which fewer than 6 % of the supported lay.
 */
const { thresholds } = support;
const mostEmbedded = 12;
/** A sentence is taken for one that bears a claim when it adds this much to what the others cover. */
const leastGain = 0.15;
/** A statement with a conflict scores at most this. */
const conflictCeiling = 0.1;

/**
 * Judges without a model call: what a paraphrase may not change (numbers, units, bounds, names, dates, denials, opposites) is compared strictly, the rest by
 * word overlap and sentence embeddings through a logistic formula. A verbatim quote is supported. Each statement of a claim is judged by itself: one in conflict makes the
 * whole unsupported. How far to trust it: docs/quality/judges.md.
 */
export function createDeterministicJudge(options: DeterministicJudgeOptions): Judge {
  const features = createSupportFeatures(options);
  const { language = "en" } = options;
  return {
    name: "deterministic",
    version: "2",
    capabilities: { deterministic: true, batchSize: 64, metered: false },
    async judge({ items, signal }) {
      const verdicts: Verdict[] = [];
      for (const item of items) {
        throwIfAborted(signal);
        if (isQuoted(item.claim, item.evidence, language)) {
          verdicts.push({ support: "supported", score: 1 });
          continue;
        }
        const statements = splitClaims(item.claim, { language }).map(({ start, end }) => item.claim.slice(start, end));
        const parts: Statement[] = [];
        for (const statement of statements) parts.push(await judgeStatement({ ...item, claim: statement }, features, signal));
        verdicts.push(combined(parts));
      }
      return { verdicts, usd: 0, modelCalls: 0 };
    },
  };
}

async function judgeStatement(item: JudgeItem, features: SupportReader, signal: AbortSignal | undefined): Promise<Statement> {
  if (item.evidence.every((text) => text.trim() === "")) return { support: "unsupported", score: 0, reason: "there is no evidence" };
  const { values, conflict } = await features.read(item, signal);
  let sum = weights.intercept;
  for (const name of featureNames) sum += weights[name] * values[name];
  const score = 1 / (1 + Math.exp(-sum));
  if (conflict !== null) {
    return { support: "unsupported", score: score * conflictCeiling, reason: conflict.reason, isContradicted: true };
  }
  if (score >= thresholds.supported) return { support: "supported", score };
  if (score >= thresholds.partial) return { support: "partial", score, reason: "the evidence holds only part of it" };
  return { support: "unsupported", score, reason: "the evidence is about something else" };
}

/** What is said of a whole claim by what was found of its statements. */
function combined(parts: readonly Statement[]): Verdict {
  const [first] = parts;
  if (first === undefined) return { support: "unsupported", score: 0, reason: "it states nothing" };
  const worst = parts.reduce((least, part) => (part.score < least.score ? part : least), first);
  const contradicted = parts.find(({ isContradicted }) => isContradicted === true);
  const score = contradicted?.score ?? parts.reduce((sum, part) => sum + part.score, 0) / parts.length;
  const reason = contradicted?.reason ?? worst.reason;
  const says = (support: ClaimSupport): Verdict => ({ support, score, ...(reason === undefined ? {} : { reason }) });
  if (contradicted !== undefined) return says("unsupported");
  if (parts.every(({ support }) => support === first.support)) return says(first.support);
  return says("partial");
}

/** Whether a claim is one or more whole sentences of the evidence, or one statement of a sentence, up to case, white space and the marks around it. */
function isQuoted(claim: string, evidence: readonly string[], language: string): boolean {
  const wanted = withoutMarks(claim);
  if (wanted === "") return false;
  for (const text of evidence) {
    if (withoutMarks(text) === wanted) return true;
    if (!foldText(text).includes(wanted)) continue;
    const spans = splitSentences(text, { language });
    for (const [first, { start }] of spans.entries()) {
      for (const { end } of spans.slice(first)) {
        const quoted = withoutMarks(text.slice(start, end));
        if (quoted === wanted) return true;
        if (quoted.length > wanted.length) break;
      }
    }
    if (splitClaims(text, { language }).some(({ start, end }) => withoutMarks(text.slice(start, end)) === wanted)) return true;
  }
  return false;
}

const withoutMarks = (text: string) =>
  foldText(text)
    .replace(/^[\s"“‘'([*•-]+/u, "")
    .replace(/[\s.!?;"”’')\]]+$/u, "");

export const featureNames = ["coverage", "sentenceCoverage", "cosine", "order"] as const;

export interface SupportReader {
  read(item: JudgeItem, signal?: AbortSignal): Promise<{ values: SupportFeatures; conflict: Conflict | null }>;
}

/** How the judge sees one statement and its evidence; also what fitting reads. */
export function createSupportFeatures(options: DeterministicJudgeOptions): SupportReader {
  const { embed, language = "en", cachedVectors = 5_000 } = options;
  const known = new LRUCache<string, Float32Array>({ max: cachedVectors });

  async function vectorsOf(texts: readonly string[], signal: AbortSignal | undefined): Promise<Map<string, Float32Array>> {
    const found = new Map<string, Float32Array>();
    const missing: string[] = [];
    for (const text of new Set(texts)) {
      const vector = known.get(text);
      if (vector === undefined) missing.push(text);
      else found.set(text, vector);
    }
    if (missing.length === 0) return found;
    const made = await embed(missing, signal === undefined ? {} : { signal });
    if (made.length !== missing.length) {
      throw new FootnoteError("embedding_failed", "The embedder returned fewer vectors than texts; try again.", { retryable: true });
    }
    for (const [at, text] of missing.entries()) {
      const vector = made[at];
      if (vector === undefined) continue;
      known.set(text, vector);
      found.set(text, vector);
    }
    return found;
  }

  return {
    async read({ claim, evidence, question }, signal) {
      const statement = analyze(claim);
      const sentences: Analysis[] = [];
      const pairs: string[] = [];
      for (const text of evidence) {
        const spans = splitSentences(text, { language });
        for (const [at, { start, end }] of spans.entries()) {
          sentences.push(analyze(text.slice(start, end)));
          const next = spans[at + 1];
          if (next !== undefined) pairs.push(text.slice(start, next.end));
        }
      }
      const ranked = sentences
        .map((sentence, at) => ({ sentence, at, coverage: coverageOf(statement, [sentence]), order: orderOf(statement, sentence) }))
        .toSorted((a, b) => b.coverage - a.coverage || b.order - a.order || a.at - b.at);
      const near = ranked.slice(0, mostEmbedded);
      const texts = [...near.map(({ sentence }) => sentence.text), ...pairs.slice(0, mostEmbedded)];
      const vectors = await vectorsOf([claim, ...texts], signal);
      const asked = vectors.get(claim);
      const cosine = Math.max(0, ...texts.map((text) => dot(asked, vectors.get(text))));
      const bearing: Analysis[] = [];
      let covered = 0;
      for (const { sentence } of near.slice(0, 6)) {
        const together = coverageOf(statement, [...bearing, sentence]);
        if (bearing.length > 0 && together < covered + leastGain) continue;
        bearing.push(sentence);
        covered = together;
        if (bearing.length >= 3) break;
      }
      const best = ranked[0];
      return {
        values: {
          coverage: coverageOf(statement, sentences),
          sentenceCoverage: best?.coverage ?? 0,
          cosine,
          order: best?.order ?? 0,
        },
        conflict: findConflict({ claim: statement, bearing, all: sentences, question: question === undefined ? null : analyze(question) }),
      };
    },
  };
}
