import { z } from "zod";
import { accessSchema, boxSchema, limits, metadataSchema, timestampSchema } from "./common.ts";
import { jobSchema } from "./jobs.ts";

export const externalIdSchema = z
  .string()
  .min(1)
  .max(limits.externalIdLength)
  .refine((value) => !/[\u0000-\u001f\u007f-\u009f]/.test(value), "must not hold control characters")
  .meta({ description: "The caller's own stable name for the document, percent-encoded in the path.", example: "policies/travel.md" });

export const putUrlSchema = z
  .strictObject({ url: z.url().max(2_000) })
  .meta({ id: "PutUrl", example: { url: "https://example.com/page.html" } });

export const documentSchema = z
  .object({
    id: z.string(),
    externalId: z.string(),
    collectionId: z.string(),
    title: z.string().nullable(),
    mediaType: z.string(),
    state: z.enum(["pending", "processing", "ready", "failed", "deleting"]),
    versionId: z.string().nullable().meta({ description: "The version that readers see." }),
    metadata: metadataSchema,
    access: accessSchema,
    sizeBytes: z.int(),
    language: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    warnings: z.array(z.string()).optional().meta({ description: "Given when one document is read, where there is something to say." }),
    createdAt: timestampSchema,
    updatedAt: timestampSchema,
  })
  .meta({
    id: "Document",
    example: {
      id: "doc_01kah3c3ze6jx4h8n2z5q7v9ab",
      externalId: "policies/travel.md",
      collectionId: "col_01kah3c3ze6jx4h8n2z5q7v9ab",
      title: "Travel policy",
      mediaType: "text/markdown",
      state: "ready",
      versionId: "ver_01kah3c3ze6jx4h8n2z5q7v9ab",
      metadata: { department: "hr" },
      access: [],
      sizeBytes: 4_211,
      language: "en",
      createdAt: "2026-11-21T09:00:00.000Z",
      updatedAt: "2026-11-21T09:00:01.000Z",
    },
  });
export type Document = z.infer<typeof documentSchema>;

export const acceptedDocumentSchema = z
  .object({
    document: documentSchema,
    job: jobSchema,
    version: z.object({ id: z.string(), number: z.int() }),
  })
  .meta({ id: "AcceptedDocument" });
export type AcceptedDocument = z.infer<typeof acceptedDocumentSchema>;

export const uploadResultSchema = z
  .object({
    data: z.array(acceptedDocumentSchema),
    rejected: z.array(z.object({ fileName: z.string(), code: z.string(), message: z.string() })),
  })
  .meta({ id: "UploadResult", description: "One entry for each file that was taken, and why the others were not." });
export type UploadResult = z.infer<typeof uploadResultSchema>;

export const chunkSchema = z
  .object({
    id: z.string(),
    versionId: z.string(),
    ordinal: z.int(),
    start: z.int(),
    end: z.int(),
    text: z.string(),
    headingPath: z.array(z.string()),
    page: z.int().optional(),
    boxes: z.array(boxSchema).optional(),
    tokenCount: z.int(),
  })
  .meta({ id: "Chunk", description: "A piece of a version: text is the version's text from start to end." });
export type Chunk = z.infer<typeof chunkSchema>;

export const locatedChunkSchema = chunkSchema
  .extend({ documentId: z.string(), title: z.string().nullable(), mediaType: z.string(), url: z.string().optional() })
  .meta({ id: "LocatedChunk" });
export type LocatedChunk = z.infer<typeof locatedChunkSchema>;
