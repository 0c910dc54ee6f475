import { z } from "zod";
import { timestampSchema } from "./common.ts";

export const jobStateSchema = z.enum(["queued", "running", "succeeded", "failed", "cancelled", "dead"]);
export type JobState = z.infer<typeof jobStateSchema>;

export const jobSchema = z
  .object({
    id: z.string(),
    kind: z.enum(["ingest", "delete", "evaluate"]),
    state: jobStateSchema,
    stage: z.string(),
    progress: z.number().meta({ description: "0…1" }),
    attempts: z.int(),
    maxAttempts: z.int(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    result: z.record(z.string(), z.number()).optional().meta({ description: "A deletion's receipt: what was removed, per store." }),
    cancelRequested: z.boolean(),
    collectionId: z.string(),
    documentId: z.string().nullable().meta({ description: "Null for an evaluation." }),
    versionId: z.string().nullable(),
    runId: z.string().optional().meta({ description: "Of an evaluation." }),
    createdAt: timestampSchema,
    updatedAt: timestampSchema,
    finishedAt: timestampSchema.nullable(),
  })
  .meta({
    id: "Job",
    example: {
      id: "job_01kah3c3ze6jx4h8n2z5q7v9ab",
      kind: "ingest",
      state: "running",
      stage: "embed",
      progress: 0.6,
      attempts: 1,
      maxAttempts: 5,
      cancelRequested: false,
      collectionId: "col_01kah3c3ze6jx4h8n2z5q7v9ab",
      documentId: "doc_01kah3c3ze6jx4h8n2z5q7v9ab",
      versionId: "ver_01kah3c3ze6jx4h8n2z5q7v9ab",
      createdAt: "2026-11-21T09:00:00.000Z",
      updatedAt: "2026-11-21T09:00:01.000Z",
      finishedAt: null,
    },
  });
export type Job = z.infer<typeof jobSchema>;

export const jobQuerySchema = z.strictObject({
  state: jobStateSchema.optional(),
  document: z.string().optional().meta({ description: "A document's id." }),
  collection: z.string().optional().meta({ description: "A collection's name or id." }),
});
