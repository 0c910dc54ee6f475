import { z } from "zod";
import { pipelineNameSchema } from "./collections.ts";
import { collectionRefSchema, spanSchema, timestampSchema } from "./common.ts";
import { finishReasonSchema } from "./answers.ts";
import { jobSchema, jobStateSchema } from "./jobs.ts";

export const evalDatasetNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "must be 1–63 lower-case letters, digits, dots, dashes or underscores")
  .meta({ description: "Name of a dataset: 1–63 lower-case letters, digits, dots, dashes, underscores.", example: "handbook" });

export const evalSplitSchema = z.enum(["train", "test"]).meta({ description: "What is fitted reads train only, what is reported test." });

export const evalDatasetSchema = z
  .object({
    name: z.string(),
    collectionId: z.string(),
    sha256: z.string().meta({ description: "Over its cases, their order left aside." }),
    caseCount: z.int(),
    createdAt: timestampSchema,
    updatedAt: timestampSchema,
  })
  .meta({ id: "EvalDataset", description: "Questions about a collection, with what is known of their answers." });
export type EvalDataset = z.infer<typeof evalDatasetSchema>;

export const evalCaseSchema = z
  .object({
    id: z.string(),
    question: z.string(),
    history: z.array(z.string()).optional(),
    answerable: z.boolean(),
    tags: z.array(z.string()),
    split: evalSplitSchema,
    language: z.string().optional(),
    referenceAnswer: z.string().optional(),
    spans: z
      .array(z.object({ document: z.string(), quote: z.string(), part: z.int().optional() }))
      .meta({ description: "Places that bear the answer; those with the same part (default 1) are alternatives." }),
  })
  .meta({ id: "EvalCase" });
export type EvalCase = z.infer<typeof evalCaseSchema>;

export const createEvalRunSchema = z
  .strictObject({ dataset: evalDatasetNameSchema, split: evalSplitSchema.default("test"), pipeline: pipelineNameSchema.optional() })
  .meta({ id: "CreateEvalRun", example: { dataset: "handbook", split: "test", pipeline: "default" } });
export type CreateEvalRun = z.input<typeof createEvalRunSchema>;

export const evalRunSchema = z
  .object({
    id: z.string(),
    dataset: z.string(),
    datasetSha256: z.string(),
    collectionId: z.string(),
    split: z.string(),
    pipeline: z.string(),
    pipelineHash: z.string(),
    state: jobStateSchema,
    jobId: z.string(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    caseCount: z.int().meta({ description: "Questions when it was begun, also where an erasure took some of them since." }),
    doneCount: z.int().meta({ description: "Questions that have their result." }),
    corpus: z.string().nullable().meta({ description: "Hash of the documents when its first question was asked." }),
    warnings: z
      .array(z.string())
      .optional()
      .meta({ description: "What limits its figures, such as documents that were changed meanwhile." }),
    judges: z.array(z.string()).meta({ description: "Names and versions of what judged: two runs compare only where these are equal." }),
    summary: z
      .array(z.object({ metric: z.string(), slice: z.string(), mean: z.number(), low: z.number(), high: z.number(), count: z.int() }))
      .nullable()
      .meta({ description: "Mean and 95 % bootstrap interval of each metric in each slice, once it is finished." }),
    createdAt: timestampSchema,
    finishedAt: timestampSchema.nullable(),
  })
  .meta({ id: "EvalRun", description: "All cases of a split of a dataset through one pipeline." });
export type EvalRun = z.infer<typeof evalRunSchema>;

export const acceptedEvalRunSchema = z.object({ run: evalRunSchema, job: jobSchema }).meta({ id: "AcceptedEvalRun" });

const context = spanSchema.extend({ document: z.string().meta({ description: "External id." }), text: z.string() });
export const evalResultSchema = z
  .object({
    case: evalCaseSchema,
    metrics: z.record(z.string(), z.number().nullable()).meta({ description: "0…1, greater is better; null where one does not apply." }),
    answer: z.object({
      text: z.string(),
      finishReason: finishReasonSchema,
      sentences: z.array(
        z.object({
          text: z.string(),
          stated: z.enum(["supported", "partial", "unsupported"]),
          citations: z.array(context.extend({ verified: z.boolean() })),
        }),
      ),
      contexts: z.array(context),
      ranking: z.array(context),
      milliseconds: z.number(),
      usd: z.number(),
      degraded: z.array(z.string()),
    }),
    gold: z.array(spanSchema.extend({ document: z.string(), part: z.int() })),
  })
  .meta({ id: "EvalResult", description: "What a pipeline did with one case." });
export type EvalResult = z.infer<typeof evalResultSchema>;

export const evalRunQuerySchema = z.strictObject({ dataset: evalDatasetNameSchema.optional() });
export const evalResultQuerySchema = z.strictObject({
  tag: z.string().min(1).max(60).optional(),
  metric: z.string().min(1).max(60).optional().meta({ description: "Only questions to which it applies.", example: "faithfulness" }),
  below: z.coerce.number().min(0).max(1).optional().meta({ description: "With metric: only values below this." }),
});

export const evalCandidateSchema = evalCaseSchema
  .extend({
    reviewed: z.literal(false),
    origin: z.object({
      type: z.literal("feedback"),
      answerId: z.string(),
      votes: z.int().meta({ description: "How many people rated the answer down." }),
      answer: z.string().optional().meta({ description: "What was answered." }),
      reason: z.string().optional().meta({ description: "Of the latest of them; see Feedback." }),
      comment: z.string().optional(),
    }),
  })
  .meta({
    id: "EvalCandidate",
    description:
      "A bad answer as a question for a dataset. Its spans are what was cited, as a hint: a person reviews it before a dataset takes it.",
  });
export type EvalCandidate = z.infer<typeof evalCandidateSchema>;
export const evalCandidateQuerySchema = z.strictObject({ collection: collectionRefSchema.optional() });
