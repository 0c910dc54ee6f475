import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chunkDocument, createChunker } from "@footnote/chunking";
import { canonicalText, FootnoteError } from "@footnote/core";
import type { ChunkerSpec, Embedder, ParsedDocument } from "@footnote/core";
import { spanScores, type TextSpan } from "@footnote/evaluation/metrics";
import { bootstrapDifference, bootstrapMean, type Interval } from "@footnote/evaluation/statistics";
import { z } from "zod";

export interface ChunkingRow {
  spec: ChunkerSpec;
  chunks: number;
  /** Mean tokens of a chunk as cited. */
  meanTokens: number;
  recall: Interval;
  precision: Interval;
  iou: Interval;
  /** Recall against the first row, paired by question; absent for the first. */
  recallDifference?: Interval;
}

export interface ChunkingReport {
  questions: number;
  /** Chunks retrieved per question. */
  k: number;
  rows: ChunkingRow[];
}

/** Each strategy at its default first, then at other sizes. */
export const chunkingSpecs: readonly ChunkerSpec[] = [
  { strategy: "structure", maxTokens: 200, overlapTokens: 0, windowSentences: 2, breakpointPercentile: 90 },
  { strategy: "structure", maxTokens: 100, overlapTokens: 0, windowSentences: 2, breakpointPercentile: 90 },
  { strategy: "structure", maxTokens: 240, overlapTokens: 40, windowSentences: 2, breakpointPercentile: 90 },
  { strategy: "recursive", maxTokens: 200, overlapTokens: 0, windowSentences: 2, breakpointPercentile: 90 },
  { strategy: "recursive", maxTokens: 100, overlapTokens: 0, windowSentences: 2, breakpointPercentile: 90 },
  { strategy: "recursive", maxTokens: 200, overlapTokens: 40, windowSentences: 2, breakpointPercentile: 90 },
  { strategy: "sentence-window", maxTokens: 200, overlapTokens: 0, windowSentences: 2, breakpointPercentile: 90 },
  { strategy: "sentence-window", maxTokens: 200, overlapTokens: 0, windowSentences: 1, breakpointPercentile: 90 },
  { strategy: "semantic", maxTokens: 200, overlapTokens: 0, windowSentences: 2, breakpointPercentile: 90 },
];

const referencesSchema = z.array(z.object({ content: z.string(), start_index: z.number(), end_index: z.number() }));

/**
 * Recall, precision and IoU of the annotated spans among the `k` chunks nearest to each question, all corpora in one
 * index, dense search alone. The folder holds `corpora/*.md` and `questions_df.csv` (chunking_evaluation's layout).
 */
export async function evaluateChunking(options: {
  folder: string;
  embedder: Embedder;
  log: (line: string) => void;
  /** Default 5. */
  k?: number;
  specs?: readonly ChunkerSpec[];
  signal?: AbortSignal;
}): Promise<ChunkingReport> {
  const { folder, embedder, log, k = 5, specs = chunkingSpecs, signal } = options;
  const aborted = signal === undefined ? {} : { signal };
  const questions = await readQuestions(folder);
  const documents = new Map<string, ParsedDocument>();
  for (const name of new Set(questions.map(({ corpus }) => corpus))) documents.set(name, await readDocument(folder, name));
  const queries = await embedder.embed({ texts: questions.map(({ question }) => question), purpose: "query", ...aborted });
  const relevant = questions.map(({ corpus, references }) => {
    const text = documents.get(corpus)?.text ?? "";
    return references.map((reference) => locateReference(text, corpus, reference));
  });

  const rows: ChunkingRow[] = [];
  let firstRecall: number[] | undefined;
  for (const spec of specs) {
    const chunks: TextSpan[] = [];
    const inputs: string[] = [];
    let tokens = 0;
    for (const [name, document] of documents) {
      const chunker = createChunker(spec.strategy);
      for (const draft of await chunkDocument({ chunker, request: { document, spec }, embedder, ...aborted })) {
        const { start, end } = draft.contextSpan ?? draft;
        chunks.push({ text: name, start: draft.start, end: draft.end });
        inputs.push(document.text.slice(start, end));
        tokens += draft.tokenCount;
      }
    }
    const vectors: Float32Array[] = [];
    for (let at = 0; at < inputs.length; at += 256) {
      const embeddings = await embedder.embed({ texts: inputs.slice(at, at + 256), purpose: "passage", ...aborted });
      for (const { vector } of embeddings) vectors.push(vector);
    }
    const scores = queries.map(({ vector }, at) => {
      const retrieved = nearest(vector, vectors, k).flatMap((index) => chunks[index] ?? []);
      return spanScores({ relevant: relevant[at] ?? [], retrieved });
    });
    const recall = scores.map((score) => score.recall);
    const row: ChunkingRow = {
      spec,
      chunks: chunks.length,
      meanTokens: tokens / Math.max(1, chunks.length),
      recall: bootstrapMean(recall),
      precision: bootstrapMean(scores.map(({ precision }) => precision)),
      iou: bootstrapMean(scores.map(({ iou }) => iou)),
      ...(firstRecall ? { recallDifference: bootstrapDifference(firstRecall, recall) } : {}),
    };
    firstRecall ??= recall;
    rows.push(row);
    log(formatRow(row));
  }
  return { questions: questions.length, k, rows };
}

function formatRow({ spec, chunks, meanTokens, recall, precision, iou, recallDifference }: ChunkingRow): string {
  const settings = spec.strategy === "sentence-window" ? `window ${spec.windowSentences}` : `overlap ${spec.overlapTokens}`;
  const percent = ({ mean, low, high }: Interval) => `${(100 * mean).toFixed(1)} % [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
  const name = `${spec.strategy} ${spec.maxTokens} ${settings}`.padEnd(32);
  return `${name} ${chunks} chunks of ${meanTokens.toFixed(0)} tokens: recall ${percent(recall)}, precision ${percent(precision)}, IoU ${percent(iou)}${recallDifference ? `, recall to the first ${percent(recallDifference)}` : ""}`;
}

interface Question {
  question: string;
  corpus: string;
  references: z.infer<typeof referencesSchema>;
}

async function readQuestions(folder: string): Promise<Question[]> {
  const [header = [], ...rows] = parseCsv(await readFile(join(folder, "questions_df.csv"), "utf8"));
  const column = (name: string) => {
    const at = header.indexOf(name);
    if (at < 0)
      throw new FootnoteError(
        "invalid_request",
        `questions_df.csv in ${folder} lacks the column ${name}; give a chunking_evaluation folder.`,
      );
    return at;
  };
  const [question, references, corpus] = [column("question"), column("references"), column("corpus_id")];
  return rows.map((row) => ({
    question: row[question] ?? "",
    corpus: row[corpus] ?? "",
    references: referencesSchema.parse(JSON.parse(row[references] ?? "[]")),
  }));
}

/** The corpora are Markdown only by name: paragraphs are blocks, nothing is a heading, offsets stay those of the file. */
async function readDocument(folder: string, name: string): Promise<ParsedDocument> {
  const text = canonicalText(await readFile(join(folder, "corpora", `${name}.md`), "utf8"));
  return { title: null, mediaType: "text/plain", language: "en", text, blocks: [], pages: [], warnings: [] };
}

/** The annotated offsets when the text there is what was annotated, else where that text stands. */
function locateReference(text: string, corpus: string, reference: { content: string; start_index: number; end_index: number }): TextSpan {
  const { content, start_index: start, end_index: end } = reference;
  if (text.slice(start, end) === content) return { text: corpus, start, end };
  const at = text.indexOf(content);
  return at < 0 ? { text: corpus, start, end } : { text: corpus, start: at, end: at + content.length };
}

/** Indices of the `k` greatest dot products, best first. */
function nearest(query: Float32Array, vectors: readonly Float32Array[], k: number): number[] {
  return vectors
    .map((vector, index) => {
      let score = 0;
      for (let i = 0; i < vector.length; i++) score += (vector[i] ?? 0) * (query[i] ?? 0);
      return { index, score };
    })
    .toSorted((a, b) => b.score - a.score)
    .slice(0, k)
    .map(({ index }) => index);
}

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gu)) {
    const [whole, quoted, plain = "", separator] = match;
    if (whole === "" && row.length === 0) break;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (separator === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
