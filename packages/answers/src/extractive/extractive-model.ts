import {
  detectLanguage,
  dot,
  type Embedder,
  type Embedding,
  FootnoteError,
  type GenerateRequest,
  type LanguageModel,
  type LexicalAnalyzer,
  type ModelEvent,
  type ModelSource,
  sha256,
  throwIfAborted,
} from "@footnote/core";
import { LRUCache } from "lru-cache";
import { contextualizeQuestion } from "../contextualize-question.ts";
import { numberTokens } from "../number-tokens.ts";
import { splitQuestion } from "../split-question.ts";
import { nearSpellings } from "./near-spelling.ts";
import { profileQuestion, type QuestionProfile } from "./question-profile.ts";
import { type Formulas, linear, supportOf } from "./formulas.ts";
import { findFormulas, formulaNames } from "./shipped-formulas.ts";
import { type Candidate, candidatesOf, type Features, questionWeights, unitFeatures, usualCosine } from "./unit-features.ts";

export interface ExtractiveModelOptions {
  embedder: Embedder;
  /** The analyzer of a language, a BCP 47 primary subtag: question and sources are read in the language that the sources are in. */
  analyzerFor(language: string): LexicalAnalyzer;
  /**
   * Per token vector of a question the greatest cosine with one of a sentence, read from the embedder's own compressed form. Default: none, words
   * and sentence vectors alone decide.
   */
  tokenMatches?(question: Uint8Array, sentence: Uint8Array): ArrayLike<number>;
  /** Sentences embedded for one question at most, the best by words and rank. Default 40. */
  maxEmbedded?: number;
  /** Sentence vectors kept in memory, least recently used out first. Default 4,000 (6 MB at 384 dimensions, with token vectors twice that). */
  cachedVectors?: number;
}

export interface ScoredUnit {
  candidate: Candidate;
  features: Features;
  /** Place in the order, as log-odds against any other unit of the same question. */
  logit: number;
  /** The same by what it says alone, without its chunk's place among the sources. */
  wording: number;
  support: number;
}

/** Units whose log-odds lie this close to the best are said too, but for where they stand: two sources that differ are both heard. */
const nearBest = 0.8;
/** What a request gets that names no formulas. */
const newestFormulas = formulaNames().at(-1) ?? "";
/** Share of terms from which two units say the same. */
const sameShare = 0.75;

/**
 * The built-in model: it writes nothing, it selects the sentences that answer the question, quotes them and says where they
 * stand. Each part of a question is answered by itself; parts that nothing supports are named in `missingParts`, and when that is all of
 * them the reason is `unsupported`. Nothing leaves the process; equal requests give equal answers.
 */
export function createExtractiveModel(options: ExtractiveModelOptions): LanguageModel {
  const scorer = createUnitScorer(options);
  return {
    name: "extractive",
    capabilities: { extractive: true },
    async *generate(request): AsyncGenerator<ModelEvent, void, void> {
      const { minSupport, maxSentences, signal } = request;
      throwIfAborted(signal);
      const { parts, embeddedTokens } = await scorer.score(request);
      const chosen: ScoredUnit[] = [];
      const missingParts: number[] = [];
      for (const [index, scored] of parts.entries()) {
        const best = scored[0];
        if (best === undefined || best.support < minSupport) {
          missingParts.push(index + 1);
          continue;
        }
        // Every part that is still to come keeps room for its best sentence.
        const room = maxSentences - chosen.length - (parts.length - index - 1);
        let taken = 0;
        for (const unit of scored) {
          if (taken >= Math.max(1, room) || chosen.length >= maxSentences) break;
          if (unit.support < minSupport || unit.wording < best.wording - nearBest) continue;
          if (chosen.some((other) => sayTheSame(other.candidate, unit.candidate))) {
            if (unit === best) taken += 1;
            continue;
          }
          chosen.push(unit);
          taken += 1;
        }
      }
      for (const { candidate, support } of chosen) {
        throwIfAborted(signal);
        const { unit, source } = candidate;
        yield { type: "quote", text: unit.text, marker: source.marker, sourceSpan: { start: unit.start, end: unit.end }, support };
      }
      yield {
        type: "finish",
        reason: chosen.length === 0 ? "unsupported" : "stop",
        promptTokens: 0,
        completionTokens: 0,
        cachedTokens: 0,
        embeddedTokens,
        ...(missingParts.length > 0 && chosen.length > 0 ? { missingParts } : {}),
      };
    },
  };
}

export interface UnitScorer {
  /** The units of the sources for each part of the question, best first, and the tokens that had to be embedded. */
  score(
    request: Pick<GenerateRequest, "question" | "history" | "sources" | "formulas" | "signal">,
  ): Promise<{ parts: ScoredUnit[][]; embeddedTokens: number }>;
}

/** How the extractive model sees its sources; also what fitting and evaluation read. */
export function createUnitScorer(options: ExtractiveModelOptions): UnitScorer {
  const { embedder, analyzerFor, tokenMatches, maxEmbedded = 40, cachedVectors = 4_000 } = options;
  const readsTokens = tokenMatches !== undefined && embedder.capabilities.tokenVectors;
  const { languages } = embedder.capabilities;
  const cache = new LRUCache<string, Embedding>({ max: cachedVectors });

  async function vectorsOf(texts: readonly string[], purpose: "query" | "passage", signal: AbortSignal | undefined) {
    const keys = texts.map((text) => sha256(`${purpose}\n${text}`));
    const vectors = keys.map((key) => cache.get(key));
    const missing = [...vectors.keys()].filter((index) => vectors[index] === undefined);
    if (missing.length === 0) return { vectors, tokens: 0 };
    const embeddings = await embedder.embed({
      texts: missing.map((index) => texts[index] ?? ""),
      purpose,
      ...(readsTokens ? { tokenVectors: true } : {}),
      ...(signal ? { signal } : {}),
    });
    let tokens = 0;
    for (const [at, index] of missing.entries()) {
      const embedding = embeddings[at];
      const key = keys[index];
      if (embedding === undefined || key === undefined) {
        throw new FootnoteError("embedding_failed", "The embedder returned fewer vectors than sentences; try again.");
      }
      vectors[index] = embedding;
      tokens += embedding.tokenCount;
      cache.set(key, embedding);
    }
    return { vectors, tokens };
  }

  return {
    async score({ question, history, sources, formulas: name, signal }) {
      const language = languageOf(question, sources);
      const isSupported = languages.length === 0 || languages.includes(language);
      const fitted = findFormulas(name ?? newestFormulas);
      const formulas = (isSupported ? fitted.supported : fitted.other)[readsTokens ? "tokens" : "words"];
      const analyzer = analyzerFor(language);
      const termsOf = (text: string) => analyzer.terms(text);
      const all = candidatesOf(sources, termsOf);
      const texts = splitQuestion(question);
      const parts: ScoredUnit[][] = [];
      let embeddedTokens = 0;
      for (const [index, text] of texts.entries()) {
        const earlier = texts.slice(0, index).map((part) => ({ question: part }));
        const asked = profileQuestion(text, termsOf, contextualizeQuestion(text, [...history, ...earlier]));
        const profile = withSpellingOf(asked, all);
        const weights = questionWeights(profile, all);
        const candidates = preselect({
          profile,
          candidates: all,
          weights,
          formulas,
          limit: Math.max(1, Math.floor(maxEmbedded / texts.length)),
        });
        const query = await vectorsOf([profile.text], "query", signal);
        const units = await vectorsOf(
          candidates.map(({ unit, context }) => (context === "" ? unit.text : `${context}\n${unit.text}`)),
          "passage",
          signal,
        );
        embeddedTokens += query.tokens + units.tokens;
        const queried = query.vectors[0];
        const cosines = units.vectors.map((unit) => dot(queried?.vector, unit?.vector));
        const usual = usualCosine(cosines);
        const scored = candidates.map((candidate, at): ScoredUnit => {
          const unit = units.vectors[at];
          const cosine = cosines[at] ?? 0;
          const matches = queried?.tokenVectors && unit?.tokenVectors ? tokenMatches?.(queried.tokenVectors, unit.tokenVectors) : undefined;
          const features = unitFeatures({ profile, candidate, weights, cosine, usual, ...(matches ? { tokens: matches } : {}) });
          return {
            candidate,
            features,
            logit: linear(formulas.order, features),
            wording: linear(formulas.order, { ...features, rank: 0, standing: 0 }),
            support: supportOf(formulas, features),
          };
        });
        parts.push(
          scored.sort(
            (a, b) => b.logit - a.logit || a.candidate.rank - b.candidate.rank || a.candidate.unit.start - b.candidate.unit.start,
          ),
        );
      }
      return { parts, embeddedTokens };
    },
  };
}

/** The question's language where a source is in it, else that of most of the sources' text. Default `en`. */
function languageOf(question: string, sources: readonly ModelSource[]): string {
  const texts = sources.map(({ hit }) => hit.chunk.text);
  const most = detectLanguage(texts.join("\n"));
  const asked = detectLanguage(question);
  if (asked !== null && asked !== most && texts.some((text) => detectLanguage(text) === asked)) return asked;
  return most ?? "en";
}

/** The question with the words that no source has in the spelling of one that some source has. Names stay as they are. */
function withSpellingOf(profile: QuestionProfile, candidates: readonly Candidate[]): QuestionProfile {
  const unknown = profile.terms.filter(({ term, key }) => !key && !candidates.some(({ chunkTerms }) => chunkTerms.has(term)));
  if (unknown.length === 0) return profile;
  const vocabulary = new Set(candidates.flatMap(({ sequence, contextSequence }) => [...sequence, ...contextSequence]));
  const spellings = nearSpellings(
    unknown.map(({ term }) => term),
    vocabulary,
  );
  return { ...profile, terms: profile.terms.map((one) => ({ ...one, term: spellings.get(one.term) ?? one.term })) };
}

/** The candidates worth an embedding: the best by everything that costs none. */
function preselect(options: {
  profile: QuestionProfile;
  candidates: readonly Candidate[];
  weights: ReadonlyMap<string, number>;
  formulas: Formulas;
  limit: number;
}): Candidate[] {
  const { profile, candidates, weights, formulas, limit } = options;
  if (candidates.length <= limit) return [...candidates];
  return candidates
    .map((candidate, order) => ({
      candidate,
      order,
      logit: linear(formulas.order, unitFeatures({ profile, candidate, weights, cosine: 0, usual: 0 })),
    }))
    .sort((a, b) => b.logit - a.logit || a.order - b.order)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** Two units with nearly the same words and the same numbers; a rule and its amendment differ in a number and are both said. */
function sayTheSame(a: Candidate, b: Candidate): boolean {
  let shared = 0;
  for (const term of a.terms) if (b.terms.has(term)) shared += 1;
  const smaller = Math.min(a.terms.size, b.terms.size);
  if (smaller === 0) return a.unit.text === b.unit.text;
  if (shared / (a.terms.size + b.terms.size - shared) < sameShare) return false;
  const numbers = (candidate: Candidate) => numberTokens(candidate.unit.text).toSorted().join(" ");
  return numbers(a) === numbers(b);
}
