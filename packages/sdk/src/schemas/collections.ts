import { z } from "zod";
import { limits, timestampSchema } from "./common.ts";

export const pipelineNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
  .meta({ description: "Name of a pipeline; see GET /v1/pipelines.", example: "hybrid-rrf-rerank" });

export const putCollectionSchema = z
  .strictObject({
    pipeline: pipelineNameSchema.optional(),
    description: z.string().max(2_000).optional(),
    retention: z
      .strictObject({ versions: z.int().min(0).max(100) })
      .optional()
      .meta({ description: "Old versions kept besides those that answers cite." }),
  })
  .meta({
    id: "PutCollection",
    description: "What is absent stays as it is; a new collection gets the default pipeline.",
    example: { pipeline: "default" },
  });
export type PutCollection = z.infer<typeof putCollectionSchema>;

export const collectionSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().optional(),
    pipeline: z.string(),
    pipelineHash: z.string(),
    retention: z.object({ versions: z.int() }).optional(),
    documentCount: z.int(),
    warnings: z.array(z.string()).optional().meta({
      description: "Plain sentences about what limits the collection, such as documents in languages that its embedder does not serve.",
    }),
    createdAt: timestampSchema,
    updatedAt: timestampSchema,
  })
  .meta({
    id: "Collection",
    example: {
      id: "col_01kah3c3ze6jx4h8n2z5q7v9ab",
      name: "handbook",
      pipeline: "default",
      pipelineHash: "9b1c…",
      documentCount: 24,
      createdAt: "2026-11-21T09:00:00.000Z",
      updatedAt: "2026-11-21T09:00:00.000Z",
    },
  });
export type Collection = z.infer<typeof collectionSchema>;

export const pipelineSchema = z
  .object({
    name: z.string(),
    hash: z.string(),
    indexHash: z.string(),
    shipped: z.boolean(),
    spec: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Pipeline", description: "A versioned set of everything that can change an answer." });
export type Pipeline = z.infer<typeof pipelineSchema>;

export const tenantNameSchema = z.string().trim().min(1).max(limits.nameLength);
