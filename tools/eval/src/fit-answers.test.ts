import { featureNames, type Formulas } from "@footnote/answers";
import { areaUnderRoc, createRandom } from "@footnote/evaluation/statistics";
import { describe, expect, it } from "vitest";
import type { AnsweredQuestion, RankedSentence } from "./answer-sentences.ts";
import { answersGoals, answersReport, drawAnswersRoc, formatAnswersReport } from "./answers-report.ts";
import { bestBy, type FittedQuestion, fitFormulas, keptOut, linear, reorder } from "./fit-answers.ts";

const sentence = (values: Partial<Record<(typeof featureNames)[number], number>>, bears: boolean): RankedSentence => ({
  support: 0.5,
  features: featureNames.map((name) => values[name] ?? 0),
  bears,
  says: bears,
});

/** Questions where the answer covers more and is more alike; what looks like one where there is none covers little. */
function questions(count: number, seed = 3): FittedQuestion[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const answerable = at % 2 === 0;
    const other = () => sentence({ coverage: random() * 0.6, cosine: random() * 0.5, tokens: random() }, false);
    const best = sentence({ coverage: 0.5 + random() * 0.5, cosine: 0.4 + random() * 0.6, tokens: random() }, true);
    return { answerable, sentences: answerable ? [other(), best, other()] : [other(), other()] };
  });
}

/** Area under the ROC of support. */
const areaOf = (of: readonly FittedQuestion[], { order, support }: Formulas) =>
  areaUnderRoc(
    of.map(({ sentences, answerable }) => {
      const best = bestBy(order, sentences);
      return { score: best === undefined ? -100 : linear(support, best.features), positive: answerable };
    }),
  );

const answered = (one: FittedQuestion, at: number): AnsweredQuestion => ({
  question: {
    id: `q${at}`,
    question: "What?",
    article: "A",
    document: "A_0",
    answerable: one.answerable,
    spans: [],
    split: at % 3 === 0 ? "train" : "test",
  },
  found: one.answerable,
  sentences: [...one.sentences],
  citedFirst: false,
  abstained: true,
  milliseconds: 10,
  embeddedTokens: 20,
});

describe("fitFormulas", () => {
  it("finds what puts answers first and what tells them from look-alikes, and leaves token features out where there are none", () => {
    const words = fitFormulas(questions(300), { tokens: false });
    expect(words.order).not.toHaveProperty("tokens");
    expect(words.order.coverage).toBeGreaterThan(0);
    expect(words.order.cosine).toBeGreaterThan(0);
    expect(words.order.intercept).toBe(0);
    expect(words.order).not.toHaveProperty("contrast");
    expect(words.support).toHaveProperty("contrast");
    const fresh = questions(200, 9);
    expect(areaOf(fresh, words)).toBeGreaterThan(0.9);
    const right = fresh.filter(({ answerable, sentences }) => answerable && bestBy(words.order, sentences)?.bears === true);
    expect(right.length).toBeGreaterThan(85);
    expect(Object.keys(fitFormulas(questions(50), { tokens: true }).support)).toContain("leastToken");
  });

  it("judges organisations by formulas that were fitted without them", () => {
    const worlds = ["a", "b", "c", "d", "e"].flatMap((world, seed) => questions(40, seed + 1).map((one) => ({ ...one, world })));
    const found = keptOut(worlds, { always: questions(40, 9), minSupport: 0.5 });
    expect(found.questions).toBe(200);
    expect(found.first).toBeGreaterThan(0.8);
    expect(found.right).toBeGreaterThan(0.8);
    expect(found.answeredFalsely).toBeLessThan(0.2);
    // What one organisation says against all others is not learnt from itself.
    const odd = worlds.map((one) => (one.world === "a" ? { ...one, answerable: !one.answerable } : one));
    expect(keptOut(odd, { always: [], minSupport: 0.5 }).right).toBeLessThan(found.right - 0.1);
    expect(keptOut(worlds, { always: [], minSupport: 1 - 1e-9 }).answered).toBe(0);
  });

  it("counts our own questions more often where told to", () => {
    // They say the opposite of the others.
    const own = questions(10).map(({ answerable, sentences }) => ({
      answerable,
      sentences: sentences.map((one) => ({ ...one, features: one.features.map((value) => -value) })),
      weight: 200,
    }));
    expect(fitFormulas(questions(100), { tokens: false }).order.coverage).toBeGreaterThan(0);
    expect(fitFormulas([...questions(100), ...own], { tokens: false }).order.coverage).toBeLessThan(0);
  });
});

describe("answersReport", () => {
  const some = questions(120);
  const formulas = fitFormulas(some, { tokens: false });
  const run = some.map((one, at) => reorder(answered(one, at), formulas, 0.5));
  const report = answersReport("all", run);

  it("counts what comes first, what is abstained on, and what doing neither would reach", () => {
    expect(report).toMatchObject({ answerable: 60, unanswerable: 60, perQuestion: { milliseconds: 10, embeddedTokens: 20 } });
    expect(report.found.mean).toBe(1);
    expect(report.first.mean).toBeGreaterThan(0.85);
    expect(report.topThree.mean).toBe(1);
    expect(report.saysFirst.mean).toBe(report.first.mean);
    expect(report.abstention.never).toBe(0.5);
    expect(report.abstention.always).toBeCloseTo(report.first.mean / 2, 9);
    expect(report.abstention.accuracy.mean).toBeGreaterThan(Math.max(report.abstention.always, 0.5));
    expect(answersGoals(report).every(({ met }) => met)).toBe(true);
    expect(formatAnswersReport(report)).toContain("among the first three 1.000");
  });

  it("says that goals are missed by a run that never answers", () => {
    const mute = run.map((one) => ({ ...one, sentences: [], abstained: true, citedFirst: false }));
    const empty = answersReport("mute", mute);
    expect(empty.abstention.accuracy.mean).toBe(0.5);
    expect(answersGoals(empty).map(({ met }) => met)).toEqual([false, false, true]);
    expect(empty.abstention.area.mean).toBe(0.5);
  });

  it("draws one curve for each group, with a dot at the threshold", () => {
    const svg = drawAnswersRoc(
      [
        { name: "one", answered: run },
        { name: "two", answered: run },
      ],
      0.5,
    );
    expect(svg.match(/<path d="M[^"]+" fill="none"/gu)).toHaveLength(2);
    expect(svg.match(/<circle/gu)).toHaveLength(2);
    expect(svg).toContain("two: area 0.");
    expect(svg).not.toContain("NaN");
  });
});
