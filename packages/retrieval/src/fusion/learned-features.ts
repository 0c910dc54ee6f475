import type { Hit, LexicalAnalyzer } from "@footnote/core";

/** What learned fusion reads off a query and a candidate, before anything is standardised. Names are part of stored weights. */
export const textFeatureNames = [
  "lexical",
  "dense",
  "fused",
  "lexical-reciprocal-rank",
  "dense-reciprocal-rank",
  "matched-in-text",
  "matched-in-title",
  "saturated-matches",
  "proximity",
  "phrase",
  "identifiers",
  "length",
  "document",
  "document-support",
] as const;
export type TextFeatureName = (typeof textFeatureNames)[number];

export interface FeatureRequest {
  query: string;
  /** Best first, in fused order. */
  candidates: readonly Hit[];
  analyzer: LexicalAnalyzer;
  /** The most that a candidate can have which a leg did not return: its last score where it was cut off, else 0. */
  missing: { dense: number; lexical: number };
}

interface AnalyzedCandidate {
  hit: Hit;
  /** Term → positions in the text, in order. */
  positions: Map<string, number[]>;
  heading: Set<string>;
  whole: string;
}

const reciprocalRank = (rank: number | undefined) => (rank === undefined ? 0 : 1 / (60 + rank));

/**
 * One value per candidate and feature. Rarity is counted among the candidates alone (they share what is common), idf =
 * ln(1 + (N − n + ½) / (n + ½)): so it needs no statistics of the collection, and means the same on every store.
 */
export function textFeatures(request: FeatureRequest): Record<TextFeatureName, number[]> {
  const { query, analyzer, missing } = request;
  const asked = analyzer.terms(query).map(({ term }) => term);
  const terms = [...new Set(asked)];
  const candidates = request.candidates.map((hit) => analyzed(hit, analyzer));
  const count = candidates.length;
  const idf = new Map(
    terms.map((term) => {
      const holding = candidates.filter(({ positions, heading }) => positions.has(term) || heading.has(term)).length;
      return [term, Math.log(1 + (count - holding + 0.5) / (holding + 0.5))];
    }),
  );
  const rarity = (term: string) => idf.get(term) ?? 0;
  const mass = terms.reduce((sum, term) => sum + rarity(term), 0);
  const share = (weigh: (term: string) => number) =>
    mass === 0 ? 0 : terms.reduce((sum, term) => sum + rarity(term) * weigh(term), 0) / mass;
  const pairs = asked.slice(1).flatMap((term, at) => {
    const before = asked[at];
    return before === undefined || before === term ? [] : [{ before, after: term, weight: Math.min(rarity(before), rarity(term)) }];
  });
  const pairMass = pairs.reduce((sum, { weight }) => sum + weight, 0);
  const names = identifiers(query);
  const bestLexical = Math.max(0, ...candidates.map(({ hit }) => hit.scores.lexical ?? missing.lexical));
  const fusedOf = ({ hit }: AnalyzedCandidate) => hit.scores.fusion ?? hit.score;
  const documents = new Map<string, number[]>();
  for (const candidate of candidates) {
    const { documentId } = candidate.hit.chunk;
    documents.set(documentId, [...(documents.get(documentId) ?? []), fusedOf(candidate)]);
  }
  const lowest = Math.min(...candidates.map(fusedOf));

  const each = (value: (candidate: AnalyzedCandidate) => number) => candidates.map(value);
  return {
    lexical: each(({ hit }) => (bestLexical > 0 ? (hit.scores.lexical ?? missing.lexical) / bestLexical : 0)),
    dense: each(({ hit }) => hit.scores.dense ?? missing.dense),
    fused: each(fusedOf),
    "lexical-reciprocal-rank": each(({ hit }) => reciprocalRank(hit.ranks.lexical)),
    "dense-reciprocal-rank": each(({ hit }) => reciprocalRank(hit.ranks.dense)),
    "matched-in-text": each(({ positions }) => share((term) => (positions.has(term) ? 1 : 0))),
    "matched-in-title": each(({ heading }) => share((term) => (heading.has(term) ? 1 : 0))),
    "saturated-matches": each(({ positions }) =>
      share((term) => {
        const frequency = positions.get(term)?.length ?? 0;
        return frequency / (frequency + 1.2);
      }),
    ),
    proximity: each(({ positions }) =>
      pairMass === 0
        ? 0
        : pairs.reduce((sum, { before, after, weight }) => sum + weight * closeness(positions.get(before), positions.get(after)), 0) /
          pairMass,
    ),
    phrase: each(({ positions }) => (asked.length === 0 ? 0 : longestRun(asked, positions) / asked.length)),
    identifiers: each(({ whole }) => (names.length === 0 ? 0 : names.filter((name) => whole.includes(name)).length / names.length)),
    length: each(({ positions }) => Math.log1p([...positions.values()].reduce((sum, { length }) => sum + length, 0))),
    document: each(({ hit }) => Math.max(...(documents.get(hit.chunk.documentId) ?? []))),
    "document-support": each((candidate) => {
      // How much the document's other chunks are above the weakest candidate, the best two of them.
      const others = [...(documents.get(candidate.hit.chunk.documentId) ?? [])].sort((a, b) => b - a);
      others.splice(others.indexOf(fusedOf(candidate)), 1);
      return others.slice(0, 2).reduce((sum, score) => sum + score - lowest, 0);
    }),
  };
}

function analyzed(hit: Hit, analyzer: LexicalAnalyzer): AnalyzedCandidate {
  const { text, title, headingPath } = hit.chunk;
  const heading = [title ?? "", ...headingPath].join("\n");
  const positions = new Map<string, number[]>();
  for (const [at, { term }] of analyzer.terms(text).entries()) {
    const known = positions.get(term);
    if (known) known.push(at);
    else positions.set(term, [at]);
  }
  return { hit, positions, heading: new Set(analyzer.terms(heading).map(({ term }) => term)), whole: `${heading}\n${text}` };
}

/** 1 where `after` follows `before` at once, less with the distance (half as much before as after), 0 where either is missing. */
function closeness(before: readonly number[] | undefined, after: readonly number[] | undefined): number {
  if (!before || !after) return 0;
  let best = 0;
  let at = 0;
  for (const position of before) {
    while (at < after.length && (after[at] ?? 0) <= position) at += 1;
    const next = after[at];
    if (next !== undefined) best = Math.max(best, 1 / (next - position));
    const previous = after[at - 1];
    if (previous !== undefined && previous < position) best = Math.max(best, 0.5 / (position - previous));
  }
  return best;
}

/** The longest run of the query's terms that stands in the text without a break. */
function longestRun(asked: readonly string[], positions: ReadonlyMap<string, readonly number[]>): number {
  let best = 0;
  let runs = new Map<number, number>();
  for (const term of asked) {
    const next = new Map<number, number>();
    for (const position of positions.get(term) ?? []) {
      const length = (runs.get(position - 1) ?? 0) + 1;
      next.set(position, length);
      best = Math.max(best, length);
    }
    runs = next;
  }
  return best;
}

/** Words of a query that are names or numbers: with a digit, an underscore, an inner capital, or capitals only. */
function identifiers(query: string): string[] {
  const words = query.match(/[\p{L}\p{N}_]+(?:(?:::|[.-])[\p{L}\p{N}_]+)*/gu) ?? [];
  return [
    ...new Set(words.filter((word) => word.length > 1 && (/[\p{N}_]|::|\p{Ll}\p{Lu}/u.test(word) || /^\p{Lu}[\p{Lu}\p{N}]+$/u.test(word)))),
  ];
}
