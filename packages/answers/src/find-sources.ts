import {
  type ChunkId,
  type Clock,
  type Correction,
  type Degradation,
  FootnoteError,
  type Hit,
  type LocatedChunk,
  type PipelineSpec,
  type SearchResult,
  type Timings,
  toFootnoteError,
  type UsageMeter,
  withDeadline,
} from "@footnote/core";
import { contextualizeQuestion } from "./contextualize-question.ts";
import { splitQuestion } from "./split-question.ts";
import type { TraceRecorder } from "./trace-recorder.ts";

/** A hit and the chunks beside it that help to answer; each may be quoted under its own id. */
export interface PackedHit {
  hit: Hit;
  before: readonly LocatedChunk[];
  after: readonly LocatedChunk[];
}

/** Where an answer gets its sources from. */
export interface AnswerSources {
  /** Called once for the question and once for each of its parts when it has several; the query is already completed from the history. */
  search(query: string, options: { meter: UsageMeter; signal: AbortSignal }): Promise<SearchResult>;
  /** A question as one that stands alone, from the questions before it. A failure is a degradation: the default is taken. Default: `contextualizeQuestion`. */
  completeQuestion?(
    question: string,
    history: readonly { question: string; answer?: string }[],
    options: { meter: UsageMeter; signal: AbortSignal },
  ): Promise<string>;
  /** Context packing; its chunks follow the hits as sources of their own. A failure is a degradation. Default: none. */
  pack?(request: { hits: readonly Hit[]; spec: PipelineSpec; signal: AbortSignal }): Promise<readonly PackedHit[]>;
  /** Chunks that context packing looked at so far, for the trace. Default: not known. */
  chunksRead?(): readonly ChunkId[];
}

export interface SourceRequest {
  question: string;
  history: readonly { question: string; answer: string }[];
  spec: PipelineSpec;
  from: AnswerSources;
  clock: Clock;
  recorder: TraceRecorder;
  meter: UsageMeter;
  signal: AbortSignal;
}

export interface FoundSources {
  hits: Hit[];
  /** Ids of the hits that were found, without what was packed around them. */
  hitIds: ReadonlySet<string>;
  timings: Timings;
  degraded: Degradation[];
  corrections: readonly Correction[];
}

/** Milliseconds that `completeQuestion` may take: a model that hangs must leave time for the answer. */
const completeTimeoutMs = 15_000;

/** Sources of every part of the question, the best of each first, then the chunks packed around them. */
export async function findSources(request: SourceRequest): Promise<FoundSources> {
  const { spec, from, clock, recorder, meter, signal } = request;
  const timings: Timings = {};
  const began = clock.now();
  const { queries, failure } = await completeParts(request);
  if (from.completeQuestion) timings["complete-question"] = clock.now() - began;
  const results = await Promise.all(queries.map((query) => from.search(query, { meter, signal })));
  for (const [at, query] of queries.entries()) recorder.search(query, results[at]?.trace);
  const degraded = new Map<string, Degradation>();
  if (failure) degraded.set("complete", failure);
  for (const result of results) {
    for (const [name, ms] of Object.entries(result.timings)) timings[name] = Math.max(timings[name] ?? 0, ms);
    for (const degradation of result.degraded) degraded.set(JSON.stringify(degradation), degradation);
  }
  const shared = shareSources(results, spec.topK);
  const packed = await packAround(shared, request);
  if (packed.failure) degraded.set("pack", packed.failure);
  return {
    hits: packed.hits,
    hitIds: new Set<string>(shared.map(({ chunk }) => chunk.id)),
    timings,
    degraded: [...degraded.values()],
    corrections: results.flatMap(({ trace }) => trace?.corrections ?? []),
  };
}

/** The parts of the question, each as one that stands alone. */
async function completeParts(request: SourceRequest): Promise<{ queries: string[]; failure: Degradation | null }> {
  const { question, history, from, clock, meter, signal } = request;
  const parts = splitQuestion(question);
  let failure: Degradation | null = null;
  const queries = await Promise.all(
    parts.map(async (part, index) => {
      const before = [...history, ...parts.slice(0, index).map((earlier) => ({ question: earlier }))];
      const complete = from.completeQuestion?.bind(from);
      if (!complete) return contextualizeQuestion(part, before);
      const onTimeout = () => new FootnoteError("timeout", `The question was not completed within ${completeTimeoutMs / 1000} s.`);
      try {
        return await withDeadline({ timeoutMs: completeTimeoutMs, clock, onTimeout, signal }, (signal) =>
          complete(part, before, { meter, signal }),
        );
      } catch (error) {
        if (signal.aborted) throw error;
        failure = { step: "transform", reason: toFootnoteError(error).code, fallback: "words carried over from the questions before" };
        return contextualizeQuestion(part, before);
      }
    }),
  );
  return { queries, failure };
}

/** Each part of the question keeps a share of the sources, never fewer than three; what they have in common makes room for more. */
function shareSources(results: readonly SearchResult[], topK: number): Hit[] {
  const hits = new Map<string, Hit>();
  const share = results.length === 1 ? topK : Math.max(3, Math.ceil(topK / results.length));
  for (let rank = 0; rank < topK && (rank < share || hits.size < topK); rank++) {
    for (const result of results) {
      const hit = result.hits[rank];
      if (hit && !hits.has(hit.chunk.id)) hits.set(hit.chunk.id, hit);
    }
  }
  return [...hits.values()];
}

async function packAround(hits: Hit[], { spec, from, signal }: SourceRequest): Promise<{ hits: Hit[]; failure?: Degradation }> {
  if (!from.pack || hits.length === 0) return { hits };
  try {
    const packed = await from.pack({ hits, spec, signal });
    const around = packed.flatMap(({ hit, before, after }) => [...after, ...before].map((chunk) => ({ hit, chunk })));
    const best = new Map(packed.map(({ hit }) => [hit.chunk.id as string, hit]));
    for (const { hit, chunk } of around) {
      if (!best.has(chunk.id)) best.set(chunk.id, { chunk, score: hit.score, ranks: {}, scores: {} });
    }
    return { hits: [...best.values()] };
  } catch (error) {
    if (signal.aborted) throw error;
    return { hits, failure: { step: "pack", reason: toFootnoteError(error).code, fallback: "sources without their neighbours" } };
  }
}
