import type { ModelSource } from "@footnote/core";
import { type SourceUnit, sourceUnits } from "../source-units.ts";
import { isNegated } from "../number-tokens.ts";
import type { TermsOf } from "../terms.ts";
import { holdsPair, type QuestionProfile } from "./question-profile.ts";
import { typeMatch } from "./type-match.ts";

/** A unit of a source with what it is read in: headings, the header of its table, the sentence that a pronoun points to. */
export interface Candidate {
  source: ModelSource;
  unit: SourceUnit;
  context: string;
  /** Terms of the unit in text order, and the distinct ones of the unit and of its context. */
  sequence: readonly string[];
  contextSequence: readonly string[];
  terms: ReadonlySet<string>;
  contextTerms: ReadonlySet<string>;
  chunkTerms: ReadonlySet<string>;
  /** Terms of the units before and after it in the chunk, beside its own. */
  nearTerms: ReadonlySet<string>;
  /** 1-based place of the chunk among the sources. */
  rank: number;
  /** Score of the chunk, from 0 for the worst to 1 for the best of the sources. */
  standing: number;
}

const dependent = /^(?:it|its|this|that|these|those|they|their|he|she|his|her|both|such|er|sie|es|dies[ers]?)\b/iu;

/** Every unit that can be quoted, in source order. Headings cannot: they answer nothing alone. */
export function candidatesOf(sources: readonly ModelSource[], termsOf: TermsOf): Candidate[] {
  const candidates: Candidate[] = [];
  const scores = sources.map(({ hit }) => hit.score);
  const worst = Math.min(...scores);
  const range = Math.max(...scores) - worst;
  for (const [index, source] of sources.entries()) {
    const { chunk } = source.hit;
    const units = sourceUnits(chunk);
    const sequences = units.map((unit) => termsOf(unit.text).map(({ term }) => term));
    const above = [chunk.title ?? "", ...chunk.headingPath].filter((line, at, lines) => line !== "" && lines.indexOf(line) === at);
    const chunkTerms = setOf(`${above.join("\n")}\n${chunk.text}`, termsOf);
    let header: string | null = null;
    let previous: SourceUnit | null = null;
    for (const [at, unit] of units.entries()) {
      if (unit.kind !== "row") header = null;
      const context = [...above];
      if (header !== null) context.push(header);
      if (unit.kind === "row") header ??= unit.text;
      if (unit.kind === "sentence" && previous !== null && (dependent.test(unit.text) || previous.text.endsWith(":")))
        context.push(previous.text);
      previous = unit;
      if (unit.kind === "heading") continue;
      const contextText = context.join("\n");
      const sequence = sequences[at] ?? [];
      const contextSequence = termsOf(contextText).map(({ term }) => term);
      candidates.push({
        source,
        unit,
        context: contextText,
        sequence,
        contextSequence,
        terms: new Set(sequence),
        contextTerms: new Set(contextSequence),
        chunkTerms,
        nearTerms: new Set(sequences.slice(Math.max(0, at - 1), at + 2).flat()),
        rank: index + 1,
        standing: range > 0 ? (source.hit.score - worst) / range : 1,
      });
    }
  }
  return candidates;
}

function setOf(text: string, termsOf: TermsOf): Set<string> {
  return new Set(termsOf(text).map(({ term }) => term));
}

const carriedWeight = 0.25;

/** Inverse document frequency of the question's terms over the candidates, log(1 + N / (df + 0.5)): a term that nobody has weighs most. */
export function questionWeights(profile: QuestionProfile, candidates: readonly Candidate[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { term, carried } of profile.terms) {
    let found = 0;
    for (const candidate of candidates) if (candidate.terms.has(term)) found += 1;
    weights.set(term, (carried ? carriedWeight : 1) * Math.log(1 + Math.max(candidates.length, 20) / (found + 0.5)));
  }
  return weights;
}

export const featureNames = [
  "coverage",
  "unitCoverage",
  "cosine",
  "typeMatch",
  "keyMissing",
  "rank",
  "rarestMissing",
  "pairMissing",
  "nearCoverage",
  "standing",
  "denial",
  "contrast",
  "tokens",
  "leastToken",
  "secondToken",
] as const;
export type FeatureName = (typeof featureNames)[number];
export type Features = Record<FeatureName, number>;
/** Those that need token vectors. */
export const tokenFeatureNames: readonly FeatureName[] = ["tokens", "leastToken", "secondToken"];

/** What a match is worth by where it is found: in the sentence, in what it is read in, elsewhere in its chunk. */
const contextWorth = 0.85;
const chunkWorth = 0.35;
const similarWorth = 0.7;

/**
 * The features of one unit for one question, each about 0…1: weighted share of the question's terms found (in unit, context, chunk), the
 * same in the unit alone, cosine, match of the answer's type (−1…1), share of names and numbers missing, 1/rank, whether the rarest term is missing, the share of pairs such as `version 2` that
 * stand neither in the unit nor in its context, weighted share of the terms found in the unit, its neighbours or its context, the chunk's standing among the sources, whether only one of question and unit
 * denies something, how far the cosine lies above what is usual for the question (which says nothing about the order, but whether any answers); and of the question's token vectors, each beside the nearest of the unit's: mean, least and second least cosine (0 without token vectors).
 */
export function unitFeatures(options: {
  profile: QuestionProfile;
  candidate: Candidate;
  weights: ReadonlyMap<string, number>;
  cosine: number;
  /** What `usualCosine` gives for all units of the question. */
  usual: number;
  /** Per token vector of the question the greatest cosine with one of the unit's. Default: none are known. */
  tokens?: ArrayLike<number>;
}): Features {
  const { profile, candidate, weights, cosine, usual, tokens = [] } = options;
  return {
    ...coverageOf(profile, candidate, weights),
    cosine,
    typeMatch: typeMatch(profile, candidate.unit.text, candidate.sequence, candidate.contextTerms),
    rank: 1 / candidate.rank,
    pairMissing: share(profile.pairs.filter((pair) => !standsIn(pair, candidate)).length, profile.pairs.length),
    standing: candidate.standing,
    denial: isNegated(profile.text) === isNegated(candidate.unit.text) ? 0 : 1,
    contrast: cosine - usual,
    ...tokenFeatures(tokens),
  };
}

const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);

/** How much of the question's terms is found, weighted by how rare they are. */
function coverageOf(
  profile: QuestionProfile,
  candidate: Candidate,
  weights: ReadonlyMap<string, number>,
): Pick<Features, "coverage" | "unitCoverage" | "nearCoverage" | "keyMissing" | "rarestMissing"> {
  let total = 0;
  let covered = 0;
  let coveredByUnit = 0;
  let coveredNear = 0;
  let keys = 0;
  let keysMissing = 0;
  let rarest = 0;
  let rarestMissing = 0;
  for (const { term, key } of profile.terms) {
    const weight = weights.get(term) ?? 1;
    const inUnit = matchOf(term, candidate.terms);
    const worth = Math.max(inUnit, contextWorth * matchOf(term, candidate.contextTerms), chunkWorth * matchOf(term, candidate.chunkTerms));
    total += weight;
    covered += weight * worth;
    coveredByUnit += weight * inUnit;
    if (candidate.nearTerms.has(term) || candidate.contextTerms.has(term)) coveredNear += weight;
    if (key) {
      keys += 1;
      if (worth < 0.5) keysMissing += 1;
    }
    if (weight > rarest) {
      rarest = weight;
      rarestMissing = worth < 0.3 ? 1 : 0;
    }
  }
  return {
    coverage: share(covered, total),
    unitCoverage: share(coveredByUnit, total),
    nearCoverage: share(coveredNear, total),
    keyMissing: share(keysMissing, keys),
    rarestMissing,
  };
}

/** Whether a pair such as `version 2` stands in the unit or in its context, or in a row with its header. */
function standsIn(pair: readonly [string, string], { unit, terms, contextTerms, sequence, contextSequence }: Candidate): boolean {
  if (unit.kind === "row" && terms.has(pair[1]) && contextTerms.has(pair[0])) return true;
  return holdsPair(pair, sequence) || holdsPair(pair, contextSequence);
}

function tokenFeatures(tokens: ArrayLike<number>): Pick<Features, "tokens" | "leastToken" | "secondToken"> {
  const sorted = Float64Array.from(tokens).sort();
  const least = sorted[0] ?? 0;
  return {
    tokens: share(
      sorted.reduce((sum, value) => sum + value, 0),
      sorted.length,
    ),
    leastToken: least,
    secondToken: sorted[1] ?? least,
  };
}

/** Where few units are looked at, their own mean says little: it counts as if this many more had the cosine that is the median over our training questions. */
const usualUnits = 10;
const usualMean = 0.2;

/** Mean cosine of a question with the units that are looked at for it, drawn towards what it mostly is (a shrunk mean). */
export function usualCosine(cosines: readonly number[]): number {
  return (cosines.reduce((sum, cosine) => sum + cosine, 0) + usualUnits * usualMean) / (cosines.length + usualUnits);
}

/** 1 for the term itself, less for a word with the same first five letters (`reachable`, `reached`); numbers match only whole. */
function matchOf(term: string, terms: ReadonlySet<string>): number {
  if (terms.has(term)) return 1;
  if (term.length < 5 || /\p{N}/u.test(term)) return 0;
  const head = term.slice(0, 5);
  for (const other of terms) if (other.startsWith(head)) return similarWorth;
  return 0;
}
