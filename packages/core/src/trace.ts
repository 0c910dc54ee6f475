import type { ChunkId, DocumentId, VersionId } from "./ids.ts";
import type { PipelineSpec } from "./pipeline.ts";
import type { ModelEvent } from "./ports/language-model.ts";
import type { SearchTrace } from "./search.ts";

/** A source as the model got it, by reference: its text is the stored version's. */
export interface TracedSource {
  marker: number;
  chunkId: ChunkId;
  documentId: DocumentId;
  versionId: VersionId;
  /** False: it came with a hit, from around it. */
  isHit: boolean;
}

/**
 * What each step of an answer was given and gave, kept beside the answer. Of documents it holds ids only, except in `output`, which is what the model
 * said and is removed when a document that the answer shows is erased.
 */
export interface AnswerTrace {
  version: 1;
  spec: PipelineSpec;
  /** Earlier turns that the question was read with. */
  historyTurns: number;
  /** One for each part of the question. `asked`: the query as it was handed to the search, completed from the conversation. */
  searches: { asked: string; trace: SearchTrace | null }[];
  sources: TracedSource[];
  /** Chunks that context packing looked at. */
  chunksRead: ChunkId[];
  /** `sha256` of the system and user message, for a model that gets such: it shows whether they can still be made exactly. */
  request: { model: string; extractive: boolean; prompt: string; sha256: string | null };
  /** Consecutive pieces of text are joined. Of a call that was tried again, only what the last one said. */
  output: ModelEvent[];
  dropped: { markers: number; quotes: number };
  /** Parts that were cut to keep the trace within its limit. */
  truncated: string[];
  /** True when a document that it showed was erased: queries and output are gone. */
  redacted: boolean;
}
