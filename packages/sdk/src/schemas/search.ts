import { z } from "zod";
import { pipelineNameSchema } from "./collections.ts";
import { collectionRefSchema, degradationSchema, filterSchema, limits, principalsSchema, timingsSchema } from "./common.ts";
import { locatedChunkSchema } from "./documents.ts";

export const searchRequestSchema = z
  .strictObject({
    query: z.string().min(1).max(limits.queryLength),
    collection: collectionRefSchema,
    limit: z.int().min(1).max(limits.searchResults).default(10),
    pipeline: pipelineNameSchema.optional(),
    filter: filterSchema.optional(),
    principals: principalsSchema.optional(),
  })
  .meta({ id: "SearchRequest", example: { query: "How many days of parental leave?", collection: "handbook", limit: 5 } });
export type SearchRequest = z.input<typeof searchRequestSchema>;

const numbers = z.object({ dense: z.number().optional(), lexical: z.number().optional(), rerank: z.number().optional() });
export const hitSchema = z
  .object({
    chunk: locatedChunkSchema,
    score: z.number(),
    ranks: numbers.meta({ description: "1-based rank in each step that returned the chunk." }),
    scores: numbers.extend({ fusion: z.number().optional() }).meta({ description: "Raw score of each step." }),
  })
  .meta({ id: "Hit" });
export type Hit = z.infer<typeof hitSchema>;

export const searchResponseSchema = z
  .object({
    hits: z.array(hitSchema),
    timings: timingsSchema,
    degraded: z.array(degradationSchema),
    pipeline: z.string(),
    corrections: z
      .array(z.object({ from: z.string(), to: z.string() }))
      .optional()
      .meta({ description: "Words that no document holds, and the spelling that was searched instead." }),
    warnings: z.array(z.string()).optional().meta({ description: "What limits the collection that was searched; see Collection." }),
  })
  .meta({ id: "SearchResponse" });
export type SearchResponse = z.infer<typeof searchResponseSchema>;
