export { actorRef, maySeeCollection, scopes } from "./actor.ts";
export type {
  Actor,
  ActorRef,
  Attribution,
  KeyActor,
  MemberActor,
  OperatorActor,
  Scope,
  SystemActor,
  TenantActor,
  TenantRights,
} from "./actor.ts";
export { idPrefixes, idSchema, isId, newId } from "./ids.ts";
export type {
  AnswerId,
  ChunkId,
  CollectionId,
  ConversationId,
  DocumentId,
  Id,
  IdKind,
  JobId,
  KeyId,
  MemberId,
  PipelineId,
  RunId,
  TenantId,
  VersionId,
} from "./ids.ts";
export { errorCodes, FootnoteError, isFootnoteError, throwIfAborted, toFootnoteError } from "./errors.ts";
export type { ErrorCode, FootnoteErrorOptions, Result } from "./errors.ts";
export { canonicalJson } from "./json.ts";
export type { JsonPrimitive, JsonValue, Metadata } from "./json.ts";
export { sha256 } from "./hash.ts";
export { detectLanguage } from "./detect-language.ts";
export { splitSentences } from "./sentences.ts";
export { respelled, spelledWord } from "./respell.ts";
export { dot } from "./vectors.ts";
export { canonicalText, foldText, splitsSurrogatePair } from "./unicode.ts";
export { blockKinds, documentOpening, indexedInput } from "./document.ts";
export type {
  Block,
  BlockKind,
  Box,
  Chunk,
  ChunkDraft,
  DocumentRecord,
  DocumentState,
  LocatedChunk,
  Page,
  ParsedDocument,
} from "./document.ts";
export type { Span } from "./span.ts";
export type {
  Correction,
  Degradation,
  FilterCondition,
  Hit,
  HitRanks,
  HitScores,
  MetadataFilter,
  ScoredChunk,
  SearchResult,
  SearchTrace,
  Timings,
} from "./search.ts";
export type { AnswerTrace, TracedSource } from "./trace.ts";
export { finishReasons } from "./answer.ts";
export type { Answer, AnswerEvent, Citation, CitationSource, Claim, ClaimSupport, Cost, FinishReason, Usage } from "./answer.ts";
export {
  formerWeightsNames,
  generatedPipelineName,
  indexedSpaces,
  indexHash,
  isReservedPipelineName,
  pipelineHash,
  pipelineSpecSchema,
  searchedSpace,
  shippedPipelineNames,
} from "./pipeline.ts";
export type { ChunkerSpec, PipelineSpec, PipelineSpecInput, RerankerSpec, TransformSpec } from "./pipeline.ts";
export type { DocumentJobRecord, EvaluationJobRecord, EvaluationWork, JobKind, JobRecord, JobStage, JobState } from "./job.ts";
export { fullJitterMs } from "./backoff.ts";
export type { BackoffOptions } from "./backoff.ts";
export { withDeadline } from "./deadline.ts";
export type { DeadlineOptions } from "./deadline.ts";
export { withRetries } from "./retry.ts";
export type { RetryOptions } from "./retry.ts";
export { createSystemClock } from "./system-clock.ts";
export { createWakeSignal } from "./wake-signal.ts";
export type { WakeSignal } from "./wake-signal.ts";
export type { BlobStore } from "./ports/blob-store.ts";
export type { Chunker, ChunkRequest } from "./ports/chunker.ts";
export type { ChunkReader } from "./ports/chunk-reader.ts";
export type { Clock } from "./ports/clock.ts";
export type { Embedder, EmbedderCapabilities, Embedding, EmbeddingSpace, EmbedRequest } from "./ports/embedder.ts";
export type { IndexWriter, LexicalEntry, VectorEntry } from "./ports/index-writer.ts";
export type { JobEvents, JobUpdate } from "./ports/job-events.ts";
export type { JobQueue, QueueMessage, Worker, WorkOptions } from "./ports/job-queue.ts";
export type { Judge, JudgeCapabilities, JudgeItem, Verdict } from "./ports/judge.ts";
export type {
  CallMeter,
  CompletionRequest,
  CompletionResult,
  GenerateRequest,
  LanguageModel,
  ModelEvent,
  ModelSource,
  SettleCall,
  TokenPrices,
  TokenUsage,
} from "./ports/language-model.ts";
export { usageOfFailure, usdOfTokens } from "./token-prices.ts";
export { createUsageMeter, totalCost, totalUsage } from "./usage-meter.ts";
export type { StepUsage, UsageMeter } from "./usage-meter.ts";
export { completeObject } from "./complete-object.ts";
export type { CompletedObject, ObjectRequest } from "./complete-object.ts";
export type { AnalyzedText, LexicalAnalyzer, LexicalIndex, LexicalSearchRequest } from "./ports/lexical-index.ts";
export type { Parser, ParseRequest } from "./ports/parser.ts";
export type { Reranker, RerankerCapabilities, RerankRequest } from "./ports/reranker.ts";
export type { Logger, LogFields, Stage, Telemetry } from "./ports/telemetry.ts";
export type { TokenVectorStore } from "./ports/token-vector-store.ts";
export type { IndexScope, VectorIndex, VectorReader, VectorSearchRequest } from "./ports/vector-index.ts";
