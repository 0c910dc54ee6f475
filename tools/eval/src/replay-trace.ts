import {
  type Answer,
  type AnswerTrace,
  canonicalJson,
  type ChunkId,
  type ChunkReader,
  type Embedder,
  FootnoteError,
  type Hit,
  type LanguageModel,
  type LocatedChunk,
  newId,
  type PipelineSpec,
  pipelineSpecSchema,
  type Reranker,
  type ScoredChunk,
  type SearchResult,
  type SearchTrace,
  searchedSpace,
} from "@footnote/core";
import { createRetriever } from "@footnote/retrieval";
import { type TraceExport, traceExportSchema } from "@footnote/sdk";
import { createService, wholeAnswer } from "@footnote/service";
import { recordedContext, replayer } from "./recorded-context.ts";

/** Steps in the order in which they happen; the first one that differs is where behaviour changed. */
const replaySteps = [
  "query",
  "terms",
  "fused",
  "reranked",
  "sources",
  "request",
  "dropped",
  "finish",
  "text",
  "citations",
  "claims",
] as const;
type ReplayStep = (typeof replaySteps)[number];

interface Difference {
  step: ReplayStep;
  /** In a few words; texts of documents are not in it. */
  detail: string;
  recorded: unknown;
  replayed: unknown;
}

export interface Replay {
  /** In the order of the steps; empty when everything came out as recorded. */
  differences: Difference[];
  /** Steps that could not be made again from the trace, and why. */
  skipped: string[];
}

/**
 * Makes an answer again from its exported trace with today's code: query, terms, fusion, reranking, packing, prompt, the cutting into
 * sentences, citations and claims. The index, the reranker and the model say what they said then. Throws `invalid_request` for a trace
 * that cannot be replayed: one that was redacted or cut, or of an answer that ended early.
 */
export async function replayTrace(exported: unknown): Promise<Replay> {
  const recorded = readTrace(exported);
  const { answer, trace, history } = recorded;
  const chunks = new Map<ChunkId, LocatedChunk>();
  for (const chunk of [...recorded.chunks, ...answer.sources.map((hit) => hit.chunk)]) chunks.set(chunk.id, chunk);
  const skipped: string[] = [];
  const made: { answer: Answer; trace: AnswerTrace }[] = [];
  const { spec } = trace;
  let searched = 0;
  const service = createService(
    recordedContext({
      spec,
      history,
      chunks: readerOf(chunks),
      model: sayingAgain(recorded),
      retriever: {
        search: ({ query }) => searchAgain({ query, recorded: trace.searches[searched++]?.trace ?? null, spec, chunks, skipped }),
      },
      save: (again, its) => void made.push({ answer: again, trace: its }),
    }),
  );
  const conversation = history.length === 0 ? {} : { conversationId: newId("conversation") };
  await wholeAnswer(await service.ask(replayer, { question: answer.question, collection: "recorded", ...conversation }));
  const [again] = made;
  if (again === undefined) throw new FootnoteError("internal", "The replayed answer was not stored; look at what the verb ask does.");
  const differences = compare(recorded, again);
  if (spec.followUps.type === "model") skipped.push("query: it was rewritten by a model");
  return { differences, skipped: [...new Set(skipped)] };
}

type ReadTrace = { answer: Answer; trace: AnswerTrace; history: TraceExport["history"]; chunks: LocatedChunk[] };

function readTrace(exported: unknown): ReadTrace {
  const parsed = traceExportSchema.safeParse(exported);
  if (!parsed.success)
    throw new FootnoteError("invalid_request", "This is no trace of an answer; make one with: footnote trace export ans_….");
  const spec = pipelineSpecSchema.safeParse(parsed.data.trace.spec);
  if (!spec.success) throw new FootnoteError("invalid_request", "The trace's pipeline is none that this version can read; record it anew.");
  const { redacted, truncated } = parsed.data.trace;
  if (redacted)
    throw new FootnoteError("invalid_request", "The trace was redacted: a document that it showed is erased; it cannot be replayed.");
  if (truncated.length > 0)
    throw new FootnoteError("invalid_request", `The trace was cut (${truncated.join(", ")}); it cannot be replayed.`);
  const { finishReason } = parsed.data.answer;
  if (["aborted", "cap", "budget", "error"].includes(finishReason)) {
    throw new FootnoteError("invalid_request", `The answer ended early (${finishReason}); only whole answers can be replayed.`);
  }
  return asRecorded(parsed.data, spec.data);
}

/** What the schema has checked, with the ids' and spans' own types: the one place where the wire's strings become them. */
function asRecorded({ answer, trace, history, chunks }: TraceExport, spec: PipelineSpec): ReadTrace {
  const own: unknown = { answer: { ...answer, createdAt: new Date(answer.createdAt) }, trace: { ...trace, spec }, history, chunks };
  return own as ReadTrace;
}

/** Says what was said then, and completes follow-up questions as they were completed. */
function sayingAgain({ trace, history }: ReadTrace): LanguageModel {
  const { request, output, searches } = trace;
  // The first part of a question that begins a conversation has nothing to be completed from.
  let completed = history.length === 0 ? 1 : 0;
  const usage = { promptTokens: 0, completionTokens: 0, cachedTokens: 0 };
  return {
    name: request.model,
    capabilities: { extractive: request.extractive, completion: true },
    async *generate() {
      for (const event of output) yield event;
    },
    async complete() {
      const object = { question: searches[completed++]?.asked ?? "" };
      return { text: JSON.stringify(object), object, finishReason: "stop", usage };
    },
  };
}

function readerOf(chunks: ReadonlyMap<ChunkId, LocatedChunk>): ChunkReader {
  return {
    read: async ({ chunkIds }) =>
      new Map(chunkIds.flatMap((id) => [chunks.get(id)].flatMap((chunk) => (chunk ? [[id, chunk] as const] : [])))),
    range: async ({ versionId, from, to }) =>
      [...chunks.values()]
        .filter((chunk) => chunk.versionId === versionId && chunk.ordinal >= from && chunk.ordinal <= to)
        .toSorted((a, b) => a.ordinal - b.ordinal),
  };
}

/** The search's pure steps over what its legs found then. Steps that need a model's or the store's help are taken as recorded. */
async function searchAgain(options: {
  query: string;
  recorded: SearchTrace | null;
  spec: PipelineSpec;
  chunks: ReadonlyMap<ChunkId, LocatedChunk>;
  skipped: string[];
}): Promise<SearchResult> {
  const { query, recorded, spec, chunks, skipped } = options;
  const nothing = { hits: [], timings: {}, degraded: [] };
  if (recorded === null) return nothing;
  if (spec.transform.type !== "none") {
    skipped.push(`terms, fused, reranked: queries were made by a model (${spec.transform.type})`);
    return { ...nothing, hits: hitsOf(recorded, spec, chunks), trace: recorded };
  }
  // Only the documents of then can say how a word is spelt.
  const corrected = recorded.corrections !== undefined;
  if (corrected) skipped.push("query: its spelling was corrected by what the documents held");
  const isPure = spec.diversity.type === "none";
  if (!isPure) skipped.push("reranked: the order of diversity needs vectors");
  const replayed: PipelineSpec = isPure ? spec : { ...spec, diversity: { type: "none" } };
  const legOf = (name: "dense" | "lexical") => recorded.legs.find(({ leg }) => leg === name)?.results ?? [];
  const space = searchedSpace(spec);
  const retriever = createRetriever({
    embedderFor: () => blindEmbedder(space),
    dense: { capabilities: { exact: true }, search: async () => [...legOf("dense")] },
    lexical: { capabilities: { mutable: false }, search: async () => [...legOf("lexical")] },
    chunks: readerOf(chunks),
    // One that failed then is not here, and fails again.
    rerankers: (recorded.readings ?? []).map(readingAgain),
  });
  const tenantId = newId("tenant");
  const result = await retriever.search({
    tenantId,
    collectionId: newId("collection"),
    spec: replayed,
    query: corrected ? recorded.query : query,
    limit: spec.topK,
  });
  const trace = result.trace ? { ...result.trace, ...(recorded.corrections ? { corrections: recorded.corrections } : {}) } : null;
  if (isPure) return { ...result, ...(trace ? { trace } : {}) };
  return { ...nothing, hits: hitsOf(recorded, spec, chunks), ...(trace ? { trace } : {}) };
}

function readingAgain({ reranker, chunkIds, scores, readings }: NonNullable<SearchTrace["readings"]>[number]): Reranker {
  const at = new Map(chunkIds.map((id, index) => [id, index]));
  const valuesOf = (values: readonly (number | null)[], candidates: readonly Hit[]) =>
    candidates.map(({ chunk }) => values[at.get(chunk.id) ?? -1] ?? null);
  return {
    name: reranker,
    capabilities: { maxCandidates: chunkIds.length, needsTokenVectors: false },
    rerank: async ({ candidates }) => ({
      scores: valuesOf(scores, candidates),
      readings: Object.fromEntries(Object.entries(readings).map(([name, values]) => [name, valuesOf(values, candidates)])),
    }),
  };
}

/** The hits as they were handed on. */
function hitsOf(recorded: SearchTrace, spec: PipelineSpec, chunks: ReadonlyMap<ChunkId, LocatedChunk>): Hit[] {
  const order = recorded.reranked?.order ?? recorded.fused;
  const scoreOf = new Map(order.map(({ chunkId, score }) => [chunkId, score]));
  const ids = recorded.diversified ?? order.map(({ chunkId }) => chunkId);
  return ids
    .flatMap((id): Hit[] => {
      const chunk = chunks.get(id);
      return chunk ? [{ chunk, score: scoreOf.get(id) ?? 0, ranks: {}, scores: {} }] : [];
    })
    .slice(0, spec.topK);
}

/** The legs' results are recorded: nobody looks at the vector. */
function blindEmbedder(space: string): Embedder {
  return {
    space: { id: space, dimensions: 1, description: "for replaying" },
    capabilities: { maxTokens: 1, deterministic: true, tokenVectors: false, batchSize: 1, languages: [] },
    embed: async ({ texts }) => texts.map(() => ({ vector: Float32Array.of(1), tokenCount: 0 })),
    countTokens: () => 0,
    close: async () => {},
  };
}

const sameScore = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
const sameScores = (a: readonly ScoredChunk[], b: readonly ScoredChunk[]) =>
  a.length === b.length && a.every(({ chunkId, score }, at) => chunkId === b[at]?.chunkId && sameScore(score, b[at]?.score ?? Number.NaN));

function compare(recorded: ReadTrace, again: { answer: Answer; trace: AnswerTrace }): Difference[] {
  const differences: Difference[] = [];
  const check = (step: ReplayStep, detail: string, then: unknown, now: unknown, equal = sameJson(then, now)) => {
    if (!equal) differences.push({ step, detail, recorded: then, replayed: now });
  };
  const { trace, answer } = recorded;
  const asked = (list: AnswerTrace["searches"]) => list.map((search) => search.asked);
  check("query", "what was searched for", asked(trace.searches), asked(again.trace.searches));
  for (const [at, { trace: then }] of trace.searches.entries()) {
    const now = again.trace.searches[at]?.trace ?? null;
    if (then === null || now === null) continue;
    check("terms", `the query's terms, search ${at + 1}`, [then.query, ...then.terms], [now.query, ...now.terms]);
    check("fused", `the fused order, search ${at + 1}`, then.fused, now.fused, sameScores(then.fused, now.fused));
    const [before, after] = [then.reranked?.order ?? [], now.reranked?.order ?? []];
    check("reranked", `the reranked order, search ${at + 1}`, before, after, sameScores(before, after));
  }
  check("sources", "the sources and their numbers", trace.sources, again.trace.sources);
  check("request", "the model's request", trace.request, again.trace.request);
  check("dropped", "markers and quotes that were not believed", trace.dropped, again.trace.dropped);
  check("finish", "how the answer ended", answer.finishReason, again.answer.finishReason);
  check("text", "the answer's text", answer.text, again.answer.text);
  check("citations", "the citations", answer.citations, again.answer.citations);
  check("claims", "the claims", answer.claims, again.answer.claims);
  return differences.toSorted((a, b) => replaySteps.indexOf(a.step) - replaySteps.indexOf(b.step));
}

function sameJson(a: unknown, b: unknown): boolean {
  return canonicalJson(JSON.parse(JSON.stringify(a ?? null))) === canonicalJson(JSON.parse(JSON.stringify(b ?? null)));
}

/** The first difference in a sentence, for a test's message and for people. */
export function describeReplay({ differences, skipped }: Replay): string {
  const [first] = differences;
  const rest = skipped.length === 0 ? "" : ` (not replayed: ${skipped.join("; ")})`;
  if (first === undefined) return `as recorded${rest}`;
  const others = differences.slice(1).map(({ step }) => step);
  return `${first.step}: ${first.detail} came out differently${others.length > 0 ? `, and with it ${[...new Set(others)].join(", ")}` : ""}${rest}`;
}
