import type { AnswerTrace, ChunkId, ModelEvent, ModelSource, PipelineSpec, SearchTrace } from "@footnote/core";

/** Collects what the steps of one answer were given and gave. */
export interface TraceRecorder {
  search(asked: string, trace: SearchTrace | undefined): void;
  sources(sources: readonly ModelSource[], hitIds: ReadonlySet<string>): void;
  request(sha256: string | null): void;
  /** A call of the model begins; what an earlier one said is forgotten. */
  call(): void;
  event(event: ModelEvent): void;
  finish(dropped: { markers: number; quotes: number }, chunksRead: readonly ChunkId[]): AnswerTrace;
}

const mostPerList = 200;
const mostBytes = 256 * 1024;

export function createTraceRecorder(options: {
  spec: PipelineSpec;
  model: { name: string; extractive: boolean };
  historyTurns: number;
}): TraceRecorder {
  const { spec, model, historyTurns } = options;
  const trace: AnswerTrace = {
    version: 1,
    spec,
    historyTurns,
    searches: [],
    sources: [],
    chunksRead: [],
    request: { model: model.name, extractive: model.extractive, prompt: spec.answer.prompt, sha256: null },
    output: [],
    dropped: { markers: 0, quotes: 0 },
    truncated: [],
    redacted: false,
  };
  return {
    search: (asked, searched) => void trace.searches.push({ asked, trace: searched ?? null }),
    sources(sources, hitIds) {
      trace.sources = sources.map(({ marker, hit: { chunk } }) => ({
        marker,
        chunkId: chunk.id,
        documentId: chunk.documentId,
        versionId: chunk.versionId,
        isHit: hitIds.has(chunk.id),
      }));
    },
    request: (sha256) => void (trace.request.sha256 = sha256),
    call: () => void (trace.output = []),
    event(event) {
      const last = trace.output.at(-1);
      if (event.type === "text-delta" && last?.type === "text-delta") last.text += event.text;
      else trace.output.push(event.type === "text-delta" ? { type: "text-delta", text: event.text } : { ...event });
    },
    finish(dropped, chunksRead) {
      return boundTrace({ ...trace, dropped: { ...dropped }, chunksRead: [...new Set(chunksRead)] }, { mostBytes });
    },
  };
}

/** The trace within a size: long lists lose their ends first, then what the model said does; `truncated` says what was cut. */
export function boundTrace(trace: AnswerTrace, limits: { mostBytes: number }): AnswerTrace {
  const truncated = new Set(trace.truncated);
  const shorten = <T>(name: string, list: readonly T[], most: number): T[] => {
    if (list.length > most) truncated.add(name);
    return list.slice(0, most);
  };
  const sized = (most: number): AnswerTrace => ({
    ...trace,
    searches: trace.searches.map(({ asked, trace: searched }) => ({
      asked,
      trace: searched && {
        ...searched,
        legs: searched.legs.map((leg) => ({ ...leg, results: shorten("legs", leg.results, most) })),
        fused: shorten("fused", searched.fused, most),
        ...(searched.readings
          ? {
              readings: searched.readings.map((one) => ({
                reranker: one.reranker,
                chunkIds: shorten("readings", one.chunkIds, most),
                scores: one.scores.slice(0, most),
                readings: Object.fromEntries(Object.entries(one.readings).map(([name, values]) => [name, values.slice(0, most)])),
              })),
            }
          : {}),
        ...(searched.reranked
          ? {
              reranked: {
                ...searched.reranked,
                scores: shorten("reranked", searched.reranked.scores, most),
                order: shorten("reranked", searched.reranked.order, most),
              },
            }
          : {}),
      },
    })),
    chunksRead: shorten("chunksRead", trace.chunksRead, 2 * most),
    truncated: [...truncated],
  });
  const sizeOf = (value: AnswerTrace) => Buffer.byteLength(JSON.stringify(value));
  let bounded = sized(mostPerList);
  for (let most = mostPerList / 2; sizeOf(bounded) > limits.mostBytes && most >= 5; most = Math.floor(most / 2)) bounded = sized(most);
  if (sizeOf(bounded) > limits.mostBytes) bounded = { ...bounded, output: [], truncated: [...truncated, "output"] };
  return { ...bounded, truncated: bounded.truncated.length > truncated.size ? bounded.truncated : [...truncated] };
}
