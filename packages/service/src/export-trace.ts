import { renderRequest } from "@footnote/answers";
import {
  type Answer,
  type AnswerTrace,
  type ChunkId,
  type ChunkReader,
  FootnoteError,
  type ModelSource,
  type PipelineSpec,
  type TenantId,
} from "@footnote/core";
import type { TraceExport } from "@footnote/sdk";
import type { Store } from "@footnote/storage";
import { toAnswer } from "./wire.ts";

/** Chunks of one export at most; the first ones are the sources and the best candidates. */
const mostChunks = 400;

/** A reader that notes which chunks were looked at around others, for the trace. */
export function notingReader(reader: ChunkReader, seen: ChunkId[]): ChunkReader {
  return {
    read: (request) => reader.read(request),
    async range(request) {
      const chunks = await reader.range(request);
      seen.push(...chunks.map(({ id }) => id));
      return chunks;
    },
  };
}

/** Joins an answer with its trace, the turns before it and the texts that its steps worked on, as they are stored now. */
export async function exportTrace(store: Store, options: { tenantId: TenantId; answer: Answer }): Promise<TraceExport> {
  const { tenantId, answer } = options;
  const [trace, conversation] = await Promise.all([
    store.answers.trace(tenantId, answer.id),
    store.conversations.get(tenantId, answer.conversationId),
  ]);
  if (trace === null) throw new FootnoteError("not_found", "This answer was stored without a trace; ask again to get one.");
  const turns = conversation?.turns ?? [];
  const at = turns.findIndex(({ answerId }) => answerId === answer.id);
  const before = turns.slice(Math.max(0, at - trace.historyTurns), Math.max(0, at));
  const history = before.map(({ question, text }) => ({ question, answer: text }));
  const chunkIds = chunksOf(trace, answer).slice(0, mostChunks);
  const chunks = await store.chunks.read({ tenantId, chunkIds });
  return {
    format: "footnote-trace@1",
    answer: toAnswer(answer),
    history,
    trace,
    request: requestOf({ trace, answer, history }),
    chunks: chunkIds.flatMap((id) => chunks.get(id) ?? []),
  };
}

function chunksOf(trace: AnswerTrace, answer: Answer): ChunkId[] {
  const ids = new Set<ChunkId>(answer.sources.map(({ chunk }) => chunk.id));
  for (const { trace: searched } of trace.searches) {
    if (searched === null) continue;
    for (const { chunkId } of searched.fused.slice(0, readDepth(trace.spec))) ids.add(chunkId);
    for (const { chunkId } of searched.reranked?.scores ?? []) ids.add(chunkId);
  }
  for (const id of trace.chunksRead) ids.add(id);
  return [...ids];
}

/** How many of the fused order a search reads. */
function readDepth({ topK, reranker, diversity }: PipelineSpec): number {
  return Math.max(topK, reranker.type === "none" ? 0 : reranker.candidates, diversity.type === "none" ? 0 : diversity.candidates);
}

function requestOf(options: {
  trace: AnswerTrace;
  answer: Answer;
  history: readonly { question: string; answer: string }[];
}): TraceExport["request"] {
  const { trace, answer, history } = options;
  if (trace.request.sha256 === null || trace.redacted) return null;
  const byId = new Map(answer.sources.map((hit) => [hit.chunk.id, hit]));
  const sources = trace.sources.flatMap(({ marker, chunkId }): ModelSource[] => {
    const hit = byId.get(chunkId);
    return hit ? [{ marker, hit }] : [];
  });
  const { question } = answer;
  const { maxSentences } = trace.spec.answer;
  const rendered = renderRequest(trace.request.prompt, { question, sources, history, maxSentences });
  if (rendered?.sha256 !== trace.request.sha256) return null;
  return { system: rendered.system, prompt: rendered.prompt };
}
