import { type Coefficients, type FeatureName, featureNames, type Formulas, tokenFeatureNames } from "@footnote/answers";
import { fitListwise, fitLogistic } from "@footnote/evaluation/fitting";
import type { AnsweredQuestion, RankedSentence } from "./answer-sentences.ts";

/** A question with its sentences, and how many times it counts. */
export interface FittedQuestion {
  sentences: readonly RankedSentence[];
  answerable: boolean;
  /** Default 1. */
  weight?: number;
  /** The organisation whose documents it is about. */
  world?: string;
}

/**
 * Order by conditional logit over the sentences of each answerable question; support by logistic regression on the sentence that comes first, whether it
 * answers: a wrong one counts as one for a question that has no answer. Features are standardised for the penalty and the coefficients given back for raw ones.
 */
export function fitFormulas(questions: readonly FittedQuestion[], options: { tokens: boolean }): Formulas {
  const allowed = (name: FeatureName) => options.tokens || !tokenFeatureNames.includes(name);
  // Among the units of one question it says the same as the cosine.
  const inOrder = featureNames.filter((name) => allowed(name) && name !== "contrast");
  const rows = questions.flatMap(({ sentences }) => sentences.map(({ features }) => features));
  const scale = featureNames.map((_, at) => {
    const values = rows.map((row) => row[at] ?? 0);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    return { mean, deviation: deviation > 1e-9 ? deviation : 1 };
  });
  const standard = (features: readonly number[], names: readonly FeatureName[]) =>
    names.map((name) => {
      const at = featureNames.indexOf(name);
      return ((features[at] ?? 0) - (scale[at]?.mean ?? 0)) / (scale[at]?.deviation ?? 1);
    });
  const raw = (names: readonly FeatureName[], weights: readonly number[], intercept: number): Coefficients => {
    const coefficients: Coefficients = { intercept };
    for (const [at, name] of names.entries()) {
      const { mean = 0, deviation = 1 } = scale[featureNames.indexOf(name)] ?? {};
      const weight = (weights[at] ?? 0) / deviation;
      coefficients[name] = round(weight);
      coefficients.intercept -= weight * mean;
    }
    coefficients.intercept = round(coefficients.intercept);
    return coefficients;
  };
  const lists = questions
    .filter(({ answerable }) => answerable)
    .map(({ sentences, weight = 1 }) => ({
      features: sentences.map(({ features }) => standard(features, inOrder)),
      relevant: sentences.map(({ bears }) => bears),
      weight,
    }));
  const order = raw(inOrder, fitListwise(lists, { l2: 0.004, iterations: 300 }), 0);
  order.intercept = 0;
  const inSupport = featureNames.filter(allowed);
  const observations = questions.flatMap(({ sentences, answerable, weight = 1 }) => {
    const best = bestBy(order, sentences);
    return best === undefined ? [] : [{ features: standard(best.features, inSupport), outcome: Number(answerable && best.bears), weight }];
  });
  const { intercept, weights } = fitLogistic(observations, { l2: 0.01 });
  return { order, support: raw(inSupport, weights, intercept) };
}

export function bestBy(coefficients: Coefficients, sentences: readonly RankedSentence[]): RankedSentence | undefined {
  let best: RankedSentence | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const sentence of sentences) {
    const score = linear(coefficients, sentence.features);
    if (score > highest) [best, highest] = [sentence, score];
  }
  return best;
}

/** A question as it would be ordered and judged by other formulas. */
export function reorder(answered: AnsweredQuestion, formulas: Formulas, minSupport: number): AnsweredQuestion {
  const sentences = answered.sentences
    .map((sentence) => ({ sentence, score: linear(formulas.order, sentence.features) }))
    .toSorted((a, b) => b.score - a.score)
    .map(({ sentence }) => ({ ...sentence, support: supportOf(formulas, sentence) }));
  const first = sentences[0];
  const abstained = first === undefined || first.support < minSupport;
  return { ...answered, sentences, abstained, citedFirst: !abstained && first.bears };
}

export function linear(coefficients: Coefficients, features: readonly number[]): number {
  let sum = coefficients.intercept;
  for (const [at, name] of featureNames.entries()) sum += (coefficients[name] ?? 0) * (features[at] ?? 0);
  return sum;
}

/** Probability that a sentence answers, by these formulas. */
function supportOf({ support }: Formulas, { features }: RankedSentence): number {
  return 1 / (1 + Math.exp(-linear(support, features)));
}

export interface KeptOut {
  questions: number;
  /** Share of all that are answered from a right sentence, or rightly withheld. */
  right: number;
  /** Shares of those that have an answer: said anything, and the right sentence first whether said or not. */
  answered: number;
  first: number;
  /** Share of those without an answer that are answered. */
  answeredFalsely: number;
}

/** What formulas do to questions about organisations that they were not fitted on: organisations are dealt into folds, `always` is in every fit. */
export function keptOut(
  questions: readonly FittedQuestion[],
  options: { always: readonly FittedQuestion[]; minSupport: number; folds?: number },
): KeptOut {
  const { always, minSupport, folds = 4 } = options;
  const worlds = [...new Set(questions.map(({ world }) => world))];
  const foldOf = ({ world }: FittedQuestion) => worlds.indexOf(world) % folds;
  const judged = Array.from({ length: Math.min(folds, worlds.length) }, (_, fold) => {
    const formulas = fitFormulas([...always, ...questions.filter((one) => foldOf(one) !== fold)], { tokens: true });
    return questions
      .filter((one) => foldOf(one) === fold)
      .map(({ answerable, sentences }) => {
        const best = bestBy(formulas.order, sentences);
        return { answerable, said: best !== undefined && supportOf(formulas, best) >= minSupport, bears: best?.bears === true };
      });
  }).flat();
  const share = (of: typeof judged, found: (one: (typeof judged)[number]) => boolean) => of.filter(found).length / of.length;
  const answerable = judged.filter((one) => one.answerable);
  const unanswerable = judged.filter((one) => !one.answerable);
  return {
    questions: judged.length,
    right: share(judged, (one) => (one.answerable ? one.said && one.bears : !one.said)),
    answered: share(answerable, ({ said }) => said),
    first: share(answerable, ({ bears }) => bears),
    answeredFalsely: share(unanswerable, ({ said }) => said),
  };
}

const round = (value: number) => Math.round(value * 1000) / 1000;
