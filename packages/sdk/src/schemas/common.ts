import { z } from "zod";

/** Longest names and texts that the API takes, in characters. */
export const limits = {
  nameLength: 200,
  externalIdLength: 512,
  queryLength: 4_000,
  metadataBytes: 4_096,
  pageSize: 100,
  searchResults: 100,
  principals: 100,
  idempotencyKeyLength: 255,
} as const;

/** Parts of schemas that many routes share. */
export const scopeSchema = z.enum(["read", "ask", "ingest", "admin"]);
export type Scope = z.infer<typeof scopeSchema>;

export const collectionNameSchema = z
  .string()
  .regex(
    /^(?!col_)[a-z0-9][a-z0-9._-]{0,62}$/,
    "must be 1–63 lower-case letters, digits, dots, dashes or underscores and not begin with col_",
  )
  .meta({ description: "Name of a collection: 1–63 lower-case letters, digits, dots, dashes, underscores.", example: "handbook" });

export const collectionRefSchema = z.string().min(1).max(100).meta({ description: "A collection's name or id.", example: "handbook" });

const scalar = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()]);

export const metadataSchema = z.record(z.string().min(1).max(100), z.union([scalar, z.array(scalar).max(100)])).meta({
  id: "Metadata",
  description: "Flat JSON: scalars or lists of scalars, at most 4,096 bytes.",
  example: { department: "hr", year: 2026 },
});
export type Metadata = z.infer<typeof metadataSchema>;

export const accessSchema = z
  .array(z.string().min(1).max(200))
  .max(limits.principals)
  .meta({ id: "Access", description: "Principals who may see it; empty: everyone in the tenant.", example: ["group:board"] });

const comparable = z.union([z.number(), z.string().max(1_000)]);
const condition = z.union([
  scalar,
  z
    .strictObject({
      eq: scalar.optional(),
      ne: scalar.optional(),
      in: z.array(scalar).min(1).max(100).optional(),
      nin: z.array(scalar).min(1).max(100).optional(),
      gt: comparable.optional(),
      gte: comparable.optional(),
      lt: comparable.optional(),
      lte: comparable.optional(),
      exists: z.boolean().optional(),
    })
    .refine((value) => Object.keys(value).length > 0, "must name at least one operator"),
]);

export const filterSchema = z
  .record(z.string().min(1).max(100), condition)
  .refine((value) => Object.keys(value).length <= 20, "must have at most 20 fields")
  .meta({
    id: "MetadataFilter",
    description: "Conditions on metadata fields, all of which must hold. A bare scalar means eq.",
    example: { department: "hr", year: { gte: 2025 } },
  });
export type MetadataFilter = z.infer<typeof filterSchema>;

export const principalsSchema = z
  .array(z.string().min(1).max(200))
  .max(limits.principals)
  .meta({ description: "Who asks. Without any, only documents open to everyone are seen.", example: ["group:board"] });

export const spanSchema = z
  .object({ start: z.int().min(0), end: z.int().min(0) })
  .meta({ id: "Span", description: "A half-open range in UTF-16 code units.", example: { start: 120, end: 164 } });
export type Span = z.infer<typeof spanSchema>;

export const boxSchema = z.object({ page: z.int(), x: z.number(), y: z.number(), width: z.number(), height: z.number() }).meta({
  id: "Box",
  description: "A rectangle on a page in points, origin top left.",
  example: { page: 1, x: 72, y: 90, width: 300, height: 14 },
});

export const timestampSchema = z.iso.datetime().meta({ example: "2026-11-21T09:00:00.000Z" });

/** Wall-clock milliseconds per step. */
export const timingsSchema = z
  .record(z.string(), z.number())
  .meta({ id: "Timings", description: "Milliseconds per step.", example: { search: 41.5 } });

export const degradationSchema = z
  .object({ step: z.string(), reason: z.string(), fallback: z.string() })
  .meta({ id: "Degradation", description: "A part that did less than asked, and what it did instead." });

export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(limits.pageSize).optional().meta({ description: "1–100, default 20.", example: 20 }),
  cursor: z.string().min(1).max(500).optional().meta({ description: "nextCursor of the page before." }),
});
export interface PageQuery {
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable().meta({ description: "Null on the last page." }) });
}

/** RFC 9457, with Footnote's `code` and the request's id. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({
    id: "Problem",
    example: {
      type: "https://footnote.invalid/problems/not_found",
      title: "Not found",
      status: 404,
      code: "not_found",
      detail: "There is nothing at this address, or it is not yours.",
      requestId: "0f9f7a52-6f0e-4f0c-9d5e-f4b6ac0d2a11",
    },
  });
export type Problem = z.infer<typeof problemSchema>;
