/** `node tools/bench/src/fit-answers.ts`: fits the extractive model's support on our training questions and prints coefficients. */
import { createUnitScorer } from "@footnote/answers";
import { type Hit, newId } from "@footnote/core";
import { createLocalEmbedder } from "@footnote/embedding";
import { createAnalyzer } from "@footnote/retrieval";
import { trainingChunks, trainingQuestions } from "./answer-training.ts";

const names = ["coverage", "unitCoverage", "cosine", "typeMatch", "keyMissing", "rank", "rarestMissing", "pairMissing"] as const;

const embedder = createLocalEmbedder({ threads: 1 });
const analyzer = createAnalyzer({ language: "en" });
const scorer = createUnitScorer({ embedder, analyzer });
const embed = async (text: string) => {
  const [embedding] = await embedder.embed({ texts: [text], purpose: "query" });
  if (!embedding) throw new Error("the embedder gave no vector");
  return embedding.vector;
};
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

const versionId = newId("version");
const documentId = newId("document");
const hits: Hit[] = trainingChunks.map((chunk, ordinal) => ({
  chunk: {
    ...chunk,
    id: newId("chunk"),
    versionId,
    documentId,
    ordinal,
    start: 0,
    end: chunk.text.length,
    tokenCount: 50,
    mediaType: "text/markdown",
  },
  score: 0,
  ranks: {},
  scores: {},
}));
const vectors = await Promise.all(trainingChunks.map((chunk) => embed(`${chunk.headingPath.join(" › ")}\n${chunk.text}`)));
const terms = trainingChunks.map(
  (chunk) => new Set(analyzer.terms(`${chunk.headingPath.join(" ")} ${chunk.text}`).map(({ term }) => term)),
);

const rows: { x: number[]; y: number; weight: number }[] = [];
const probes: { question: string; answerable: boolean; best: number; right: boolean; said: string; features: object }[] = [];
for (const { question, answers } of trainingQuestions) {
  const asked = await embed(question);
  const words = [...new Set(analyzer.terms(question).map(({ term }) => term))];
  const ranked = hits
    .map((hit, at) => ({
      hit,
      score:
        0.7 * dot(asked, vectors[at] ?? asked) + 0.3 * (words.filter((word) => terms[at]?.has(word)).length / Math.max(1, words.length)),
    }))
    .toSorted((a, b) => b.score - a.score)
    .slice(0, 5);
  const sources = ranked.map(({ hit }, index) => ({ marker: index + 1, hit }));
  const { parts } = await scorer.score({ question, history: [], sources });
  const scored = parts[0] ?? [];
  const isRight = (text: string) => answers.some((answer) => text.includes(answer));
  // The best units of a question are the ones that its decision is made of.
  for (const { candidate, features } of scored.slice(0, 8)) {
    const y = isRight(candidate.unit.text) ? 1 : 0;
    rows.push({ x: [1, ...names.map((name) => features[name])], y, weight: y === 1 ? 3 : answers.length === 0 ? 1.5 : 1 });
  }
  const best = scored[0];
  probes.push({
    question,
    answerable: answers.length > 0,
    best: best?.support ?? 0,
    right: best !== undefined && isRight(best.candidate.unit.text),
    said: best?.candidate.unit.text ?? "",
    features: Object.fromEntries(Object.entries(best?.features ?? {}).map(([name, value]) => [name, Math.round(value * 100) / 100])),
  });
}

const answerable = probes.filter((probe) => probe.answerable);
const unanswerable = probes.filter((probe) => !probe.answerable);
const threshold = 0.5;
console.log(`${rows.length} rows; first sentence right ${answerable.filter(({ right }) => right).length}/${answerable.length}`);
console.log(
  `answered right ${answerable.filter(({ right, best }) => right && best >= threshold).length}/${answerable.length}; abstained ${unanswerable.filter(({ best }) => best < threshold).length}/${unanswerable.length}`,
);
for (const probe of probes) {
  const good = probe.answerable ? probe.right && probe.best >= threshold : probe.best < threshold;
  if (!good || process.argv.includes("--all"))
    console.log(
      `${good ? "ok " : "BAD"} ${probe.best.toFixed(2)} ${probe.question} → ${probe.said}\n      ${JSON.stringify(probe.features)}`,
    );
}

/** Logistic regression towards a prior (MAP with a Gaussian of variance `1 / strength` per coefficient), by gradient descent. */
function fit(prior: readonly number[], strength: number): number[] {
  let w = [...prior];
  const total = rows.reduce((sum, row) => sum + row.weight, 0);
  for (let step = 0; step < 20_000; step++) {
    const gradient = w.map((value, i) => (strength * (value - (prior[i] ?? 0))) / total);
    for (const { x, y, weight } of rows) {
      const p = 1 / (1 + Math.exp(-x.reduce((sum, value, i) => sum + value * (w[i] ?? 0), 0)));
      for (const [i, value] of x.entries()) gradient[i] = (gradient[i] ?? 0) + (weight * (p - y) * value) / total;
    }
    w = w.map((value, i) => value - 0.5 * (gradient[i] ?? 0));
  }
  return w;
}
const prior = [-5.5, 4, 1.2, 4, 0.9, -2.5, 0.4, -1, -2];
const fitted = fit(prior, 1);
console.log(["intercept", ...names].map((name, i) => `${name}: ${(fitted[i] ?? 0).toFixed(2)}`).join(", "));
await embedder.close();
