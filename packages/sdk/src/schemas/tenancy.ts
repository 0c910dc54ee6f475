import { z } from "zod";
import { tenantNameSchema } from "./collections.ts";
import { limits, scopeSchema, timestampSchema } from "./common.ts";

export const createKeySchema = z
  .strictObject({
    name: z.string().trim().min(1).max(limits.nameLength).optional(),
    scopes: z.array(scopeSchema).min(1).max(4),
    collections: z.array(z.string().max(100)).min(1).max(100).optional().meta({ description: "Names or ids; absent: every collection." }),
    expiresAt: timestampSchema.optional(),
  })
  .meta({ id: "CreateKey", example: { name: "web shop", scopes: ["read", "ask"] } });
export type CreateKey = z.input<typeof createKeySchema>;

export const keySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scopeSchema),
    collections: z.array(z.string()).nullable(),
    expiresAt: timestampSchema.nullable(),
    revokedAt: timestampSchema.nullable(),
    lastUsedAt: timestampSchema.nullable(),
    createdAt: timestampSchema,
  })
  .meta({ id: "Key" });
export type Key = z.infer<typeof keySchema>;

export const createdKeySchema = keySchema
  .extend({ key: z.string().nullable().meta({ description: "The secret, shown once; null when an Idempotency-Key replays the reply." }) })
  .meta({ id: "CreatedKey" });
export type CreatedKey = z.infer<typeof createdKeySchema>;

export const createTenantSchema = z.strictObject({ name: tenantNameSchema }).meta({ id: "CreateTenant", example: { name: "Example Ltd" } });
export type CreateTenant = z.input<typeof createTenantSchema>;
export const tenantSchema = z.object({ id: z.string(), name: z.string(), createdAt: timestampSchema }).meta({ id: "Tenant" });
export type Tenant = z.infer<typeof tenantSchema>;

export const auditEntrySchema = z
  .object({
    /** The id of a key, a member or an operator, or which part of this program it was. */
    actor: z.string(),
    actorType: z.enum(["key", "member", "operator", "system"]),
    action: z.string(),
    subject: z.string(),
    requestId: z.string().nullable(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    createdAt: timestampSchema,
  })
  .meta({ id: "AuditEntry" });
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const usageQuerySchema = z.strictObject({
  from: timestampSchema.optional().meta({ description: "Default: 30 days before `to`." }),
  to: timestampSchema.optional().meta({ description: "Default: now." }),
});
export const usageSummarySchema = z
  .object({
    from: timestampSchema,
    to: timestampSchema,
    data: z.array(
      z.object({
        kind: z.string(),
        stage: z.string(),
        model: z.string(),
        inputTokens: z.int(),
        outputTokens: z.int(),
        costUsd: z.string().meta({ description: "US dollars as a decimal, exact." }),
        requests: z.int(),
      }),
    ),
  })
  .meta({ id: "UsageSummary" });
export type UsageSummary = z.infer<typeof usageSummarySchema>;
