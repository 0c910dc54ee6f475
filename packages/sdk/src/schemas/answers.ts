import { z } from "zod";
import { pipelineNameSchema } from "./collections.ts";
import {
  boxSchema,
  collectionRefSchema,
  degradationSchema,
  filterSchema,
  limits,
  principalsSchema,
  problemSchema,
  spanSchema,
  timestampSchema,
  timingsSchema,
} from "./common.ts";
import { hitSchema } from "./search.ts";

export const answerRequestSchema = z
  .strictObject({
    question: z.string().min(1).max(limits.queryLength),
    collection: collectionRefSchema,
    stream: z.boolean().default(false),
    conversationId: z.string().max(100).optional().meta({ description: "Goes on with a conversation of the same collection." }),
    pipeline: pipelineNameSchema.optional(),
    filter: filterSchema.optional(),
    principals: principalsSchema.optional(),
  })
  .meta({
    id: "AnswerRequest",
    example: { question: "How many days of parental leave do I have?", collection: "handbook", stream: false },
  });
export type AnswerRequest = z.input<typeof answerRequestSchema>;

export const citationSchema = z
  .object({
    id: z.string(),
    marker: z.int(),
    answerSpan: spanSchema,
    source: z.object({
      documentId: z.string(),
      versionId: z.string(),
      chunkId: z.string(),
      title: z.string().nullable(),
      url: z.string().optional(),
      page: z.int().optional(),
      boxes: z.array(boxSchema).optional(),
    }),
    sourceSpan: spanSchema,
    quote: z.string(),
    verification: z.enum(["exact", "normalized"]),
  })
  .meta({ id: "Citation", description: "A footnote: a part of the answer and the characters of the source it rests on." });
export type Citation = z.infer<typeof citationSchema>;

export const claimSchema = z
  .object({ answerSpan: spanSchema, support: z.enum(["supported", "partial", "unsupported"]) })
  .meta({ id: "Claim", description: "One for each sentence of an answer." });
export type Claim = z.infer<typeof claimSchema>;

export const finishReasonSchema = z.enum(["stop", "length", "refusal", "unsupported", "aborted", "budget", "cap", "error"]);
export type FinishReason = z.infer<typeof finishReasonSchema>;

export const usageSchema = z
  .object({
    model: z.string(),
    promptTokens: z.int(),
    completionTokens: z.int(),
    cachedTokens: z.int(),
    embeddedTokens: z.int(),
    modelCalls: z.int(),
  })
  .meta({ id: "Usage" });
export const costSchema = z
  .object({ currency: z.literal("USD"), embed: z.number(), rerank: z.number(), generate: z.number(), total: z.number() })
  .meta({ id: "Cost" });

export const answerSchema = z
  .object({
    id: z.string(),
    conversationId: z.string(),
    question: z.string(),
    text: z.string(),
    citations: z.array(citationSchema),
    claims: z.array(claimSchema),
    sources: z.array(hitSchema),
    finishReason: finishReasonSchema,
    usage: usageSchema,
    cost: costSchema,
    timings: timingsSchema,
    degraded: z.array(degradationSchema),
    pipeline: z.string(),
    pipelineHash: z.string(),
    createdAt: timestampSchema,
  })
  .meta({ id: "Answer" });
export type Answer = z.infer<typeof answerSchema>;

/** The data of each server-sent event, by event name. Further events may come; a reader passes over what it does not know. */
export const answerEventSchemas = {
  "answer-start": z.object({ answerId: z.string(), conversationId: z.string(), pipeline: z.string(), pipelineHash: z.string() }),
  sources: z.object({ hits: z.array(hitSchema) }),
  "text-delta": z.object({ text: z.string() }),
  citation: citationSchema,
  claim: claimSchema,
  "answer-end": z.object({
    finishReason: finishReasonSchema,
    usage: usageSchema,
    cost: costSchema,
    timings: timingsSchema,
    degraded: z.array(degradationSchema),
  }),
  error: z.object({ problem: problemSchema }),
} as const;
type EventSchemas = typeof answerEventSchemas;
export type AnswerEvent = { [Name in keyof EventSchemas]: { type: Name } & z.infer<EventSchemas[Name]> }[keyof EventSchemas];

const feedbackReasonSchema = z
  .enum(["incorrect", "incomplete", "wrong-source", "outdated", "should-have-answered", "should-have-abstained", "other"])
  .meta({ description: "should-have-answered: the documents hold the answer; should-have-abstained: they do not." });

export const feedbackRequestSchema = z
  .strictObject({
    rating: z.enum(["up", "down"]),
    reason: feedbackReasonSchema.optional(),
    comment: z.string().max(2_000).optional(),
    user: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta({ description: "Who says so, in your own naming; kept as a digest. Without one, all words under a key are one person's." }),
  })
  .meta({ id: "Feedback", example: { rating: "down", reason: "outdated", comment: "Since May it is two weeks." } });
export type FeedbackRequest = z.input<typeof feedbackRequestSchema>;

export const conversationSchema = z
  .object({
    id: z.string(),
    collectionId: z.string(),
    createdAt: timestampSchema,
    turns: z.array(z.object({ answerId: z.string(), question: z.string(), text: z.string(), createdAt: timestampSchema })),
  })
  .meta({ id: "Conversation" });
export type Conversation = z.infer<typeof conversationSchema>;
