export { FootnoteApiError, isFootnoteApiError } from "./api-error.ts";
export { asciiJson, createClient, finishedJobStates } from "./client.ts";
export type { Client, PutDocument } from "./client.ts";
export {
  answerEventSchemas,
  answerRequestSchema,
  answerSchema,
  citationSchema,
  claimSchema,
  conversationSchema,
  costSchema,
  feedbackRequestSchema,
  finishReasonSchema,
  usageSchema,
} from "./schemas/answers.ts";
export type {
  Answer,
  AnswerEvent,
  AnswerRequest,
  Citation,
  Claim,
  Conversation,
  FeedbackRequest,
  FinishReason,
} from "./schemas/answers.ts";
export { collectionSchema, pipelineNameSchema, pipelineSchema, putCollectionSchema, tenantNameSchema } from "./schemas/collections.ts";
export type { Collection, Pipeline, PutCollection } from "./schemas/collections.ts";
export {
  accessSchema,
  boxSchema,
  collectionNameSchema,
  collectionRefSchema,
  degradationSchema,
  filterSchema,
  limits,
  metadataSchema,
  pageQuerySchema,
  pageSchema,
  principalsSchema,
  problemSchema,
  scopeSchema,
  spanSchema,
  timestampSchema,
  timingsSchema,
} from "./schemas/common.ts";
export type { Metadata, MetadataFilter, Page, PageQuery, Problem, Scope, Span } from "./schemas/common.ts";
export {
  acceptedDocumentSchema,
  chunkSchema,
  documentSchema,
  externalIdSchema,
  locatedChunkSchema,
  putUrlSchema,
  uploadResultSchema,
} from "./schemas/documents.ts";
export type { AcceptedDocument, Chunk, Document, LocatedChunk, UploadResult } from "./schemas/documents.ts";
export {
  acceptedEvalRunSchema,
  createEvalRunSchema,
  evalCandidateQuerySchema,
  evalCandidateSchema,
  evalCaseSchema,
  evalDatasetNameSchema,
  evalDatasetSchema,
  evalResultQuerySchema,
  evalResultSchema,
  evalRunQuerySchema,
  evalRunSchema,
} from "./schemas/evaluations.ts";
export type { CreateEvalRun, EvalCandidate, EvalCase, EvalDataset, EvalResult, EvalRun } from "./schemas/evaluations.ts";
export { healthSchema, readinessSchema } from "./schemas/health.ts";
export type { Readiness } from "./schemas/health.ts";
export { jobQuerySchema, jobSchema, jobStateSchema } from "./schemas/jobs.ts";
export type { Job, JobState } from "./schemas/jobs.ts";
export { hitSchema, searchRequestSchema, searchResponseSchema } from "./schemas/search.ts";
export type { Hit, SearchRequest, SearchResponse } from "./schemas/search.ts";
export {
  auditEntrySchema,
  createKeySchema,
  createTenantSchema,
  createdKeySchema,
  keySchema,
  tenantSchema,
  usageQuerySchema,
  usageSummarySchema,
} from "./schemas/tenancy.ts";
export type { AuditEntry, CreateKey, CreateTenant, CreatedKey, Key, Tenant, UsageSummary } from "./schemas/tenancy.ts";
export { parseEventStream } from "./sse-parser.ts";
export type { ServerSentEvent } from "./sse-parser.ts";
export { traceExportSchema } from "./schemas/traces.ts";
export type { TraceExport } from "./schemas/traces.ts";
export type { CallOptions, ClientOptions, CreateOptions } from "./transport.ts";
