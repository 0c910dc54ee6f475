import { bootstrapArea, bootstrapMean, type Interval, rocCurve, type RocPoint } from "@footnote/evaluation/statistics";
import type { AnsweredQuestion } from "./answer-sentences.ts";
import { atLeast, type Goal } from "./goals.ts";

/** Over answerable and unanswerable questions of one set of articles. Intervals: 95 %, bootstrap over questions. */
export interface AnswersReport {
  name: string;
  answerable: number;
  unanswerable: number;
  /** Of the answerable ones: their document is among the sources, the best sentence bears the answer, one of the three best does. */
  found: Interval;
  first: Interval;
  topThree: Interval;
  /** The same where any sentence that says the answer's words counts, wherever it stands. */
  saysFirst: Interval;
  saysTopThree: Interval;
  /** Of all questions: right sentence cited first, or abstained where there is no answer; as answered, had it always answered, had it never. */
  abstention: { accuracy: Interval; always: number; never: number; area: Interval; answeredShare: number; abstainedShare: number };
  perQuestion: { milliseconds: number; embeddedTokens: number };
}

/** `supportOf` gives the score that abstention goes by; a question is answered from `minSupport` on. */
export function answersReport(name: string, answered: readonly AnsweredQuestion[]): AnswersReport {
  const answerable = answered.filter(({ question }) => question.answerable);
  const unanswerable = answered.filter(({ question }) => !question.answerable);
  const share = (isSo: (one: AnsweredQuestion) => boolean, of = answerable) => bootstrapMean(of.map((one) => Number(isSo(one))));
  const mean = (value: (one: AnsweredQuestion) => number) => answered.reduce((sum, one) => sum + value(one), 0) / answered.length;
  const isRight = (one: AnsweredQuestion) => (one.question.answerable ? one.citedFirst : one.abstained);
  return {
    name,
    answerable: answerable.length,
    unanswerable: unanswerable.length,
    found: share(({ found }) => found),
    first: share(({ sentences }) => sentences[0]?.bears === true),
    topThree: share(({ sentences }) => sentences.slice(0, 3).some(({ bears }) => bears)),
    saysFirst: share(({ sentences }) => sentences[0]?.bears === true || sentences[0]?.says === true),
    saysTopThree: share(({ sentences }) => sentences.slice(0, 3).some(({ bears, says }) => bears || says)),
    abstention: {
      accuracy: share(isRight, [...answered]),
      always: answerable.filter(({ sentences }) => sentences[0]?.bears === true).length / answered.length,
      never: unanswerable.length / answered.length,
      area: bootstrapArea(answered.map(scored)),
      answeredShare: 1 - answerable.filter(({ abstained }) => abstained).length / Math.max(1, answerable.length),
      abstainedShare: unanswerable.filter(({ abstained }) => abstained).length / Math.max(1, unanswerable.length),
    },
    perQuestion: { milliseconds: mean((one) => one.milliseconds), embeddedTokens: mean((one) => one.embeddedTokens) },
  };
}

function scored({ question, sentences }: AnsweredQuestion) {
  return { score: sentences[0]?.support ?? 0, positive: question.answerable };
}

/** Goals of the answers on SQuAD: issue 4. */
export function answersGoals({ name, first, topThree, abstention }: AnswersReport): Goal[] {
  return [
    atLeast(`${name}: answering sentence first`, 0.77, first.mean),
    atLeast(`${name}: among the first three`, 0.9, topThree.mean),
    atLeast(
      `${name}: abstention accuracy beside the better of always and never answering`,
      Math.max(abstention.always, abstention.never),
      abstention.accuracy.mean,
    ),
  ];
}

const cell = ({ mean, low, high }: Interval) => `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

export function formatAnswersReport(report: AnswersReport): string {
  const { abstention, perQuestion } = report;
  return [
    `${report.name}: ${report.answerable} answerable and ${report.unanswerable} unanswerable questions; 95 % bootstrap`,
    `  document among the sources ${cell(report.found)}`,
    `  sentence that bears the answer: first ${cell(report.first)}, among the first three ${cell(report.topThree)}`,
    `  sentence that says its words, wherever: first ${cell(report.saysFirst)}, among the first three ${cell(report.saysTopThree)}`,
    `  right answer or right abstention ${cell(abstention.accuracy)}; always answering ${abstention.always.toFixed(3)}, never ${abstention.never.toFixed(3)}`,
    `  answered ${(100 * abstention.answeredShare).toFixed(1)} % of the answerable, abstained on ${(100 * abstention.abstainedShare).toFixed(1)} % of the unanswerable; area under ROC ${cell(abstention.area)}`,
    `  per question ${perQuestion.milliseconds.toFixed(0)} ms in all, ${perQuestion.embeddedTokens.toFixed(0)} tokens embedded by the model`,
  ].join("\n");
}

/** The ROC of abstention: share of answerable questions answered against share of unanswerable ones answered, as an SVG of its own. */
export function drawAnswersRoc(groups: readonly { name: string; answered: readonly AnsweredQuestion[] }[], minSupport: number): string {
  const size = 360;
  const margin = 52;
  const x = (value: number) => (margin + value * size).toFixed(1);
  const y = (value: number) => (margin + (1 - value) * size).toFixed(1);
  const colours = ["#1d4ed8", "#b45309"];
  const marks: string[] = [];
  for (const [at, { name, answered }] of groups.entries()) {
    const points = rocCurve(answered.map(scored));
    const colour = colours[at % colours.length] ?? "#000000";
    // A point every half per cent is as much as can be seen.
    const shown = points.filter(
      (point, index) => index === 0 || index === points.length - 1 || isFar(point, points[index - 1]) || index % 12 === 0,
    );
    const path = shown
      .map((point, index) => `${index === 0 ? "M" : "L"}${x(point.falsePositiveRate)} ${y(point.truePositiveRate)}`)
      .join("");
    marks.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    const chosen = points.findLast(({ threshold }) => threshold >= minSupport);
    if (chosen) marks.push(`<circle cx="${x(chosen.falsePositiveRate)}" cy="${y(chosen.truePositiveRate)}" r="4" fill="${colour}"/>`);
    const area = bootstrapArea(answered.map(scored));
    const label = `${name}: area ${area.mean.toFixed(3)} [${area.low.toFixed(3)}, ${area.high.toFixed(3)}]`;
    marks.push(`<text x="${margin + size - 8}" y="${margin + size - 14 - 18 * at}" text-anchor="end" fill="${colour}">${label}</text>`);
  }
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((value) => [
    `<text x="${x(value)}" y="${margin + size + 18}" text-anchor="middle">${value}</text>`,
    `<text x="${margin - 8}" y="${Number(y(value)) + 4}" text-anchor="end">${value}</text>`,
  ]);
  const all = size + 2 * margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${all} ${all}" width="${all}" height="${all}" font-family="sans-serif" font-size="12" fill="#334155" role="img">`,
    "<title>ROC of abstention on SQuAD</title>",
    `<rect width="${all}" height="${all}" fill="#ffffff"/>`,
    `<rect x="${margin}" y="${margin}" width="${size}" height="${size}" fill="none" stroke="#94a3b8"/>`,
    `<path d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}" stroke="#94a3b8" stroke-dasharray="4 4"/>`,
    ...ticks,
    `<text x="${all / 2}" y="${all - 10}" text-anchor="middle">share of unanswerable questions answered</text>`,
    `<text transform="translate(14 ${all / 2}) rotate(-90)" text-anchor="middle">share of answerable questions answered</text>`,
    `<text x="${all / 2}" y="28" text-anchor="middle" font-size="14">Abstention on SQuAD; dots: the threshold in use (${minSupport})</text>`,
    ...marks,
    "</svg>",
    "",
  ].join("\n");
}

function isFar(point: RocPoint, before: RocPoint | undefined): boolean {
  return (
    before !== undefined && point.falsePositiveRate - before.falsePositiveRate + point.truePositiveRate - before.truePositiveRate > 0.02
  );
}
