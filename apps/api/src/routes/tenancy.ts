import {
  auditEntrySchema,
  createdKeySchema,
  createKeySchema,
  createTenantSchema,
  keySchema,
  pageQuerySchema,
  pageSchema,
  tenantSchema,
  usageQuerySchema,
  usageSummarySchema,
} from "@footnote/sdk";
import type { Service } from "@footnote/service";
import { toAuditEntry, toCreatedKey, toKey, toPage, toTenant, toUsageSummary } from "@footnote/service/wire";
import { json, type Router } from "../route.ts";

/** A secret is shown once: what is kept for a replay has none. */
const withoutSecret = (body: Record<string, unknown>) => ({ ...body, key: null });

export function addTenancyRoutes(router: Router, service: Service): void {
  router.add({
    method: "post",
    path: "/v1/keys",
    tag: "Keys",
    summary: "Make a key",
    description:
      "The secret is in this reply and never shown again. A key that is limited to collections can only make keys for those, and neither list nor revoke any.",
    verb: service.createKey,
    body: createKeySchema,
    replies: { 201: { description: "The key with its secret", schema: createdKeySchema } },
    creates: { keep: withoutSecret },
    handler: async ({ run, body }) => json(toCreatedKey(await run(body)), 201),
  });
  router.add({
    method: "get",
    path: "/v1/keys",
    tag: "Keys",
    summary: "List keys, without their secrets",
    verb: service.listKeys,
    query: pageQuerySchema,
    replies: { 200: { description: "A page of keys", schema: pageSchema(keySchema) } },
    handler: async ({ run, query }) => json(toPage(await run(query), toKey)),
  });
  router.add({
    method: "delete",
    path: "/v1/keys/{id}",
    tag: "Keys",
    summary: "Revoke a key",
    description: "At once in this process, within five seconds in others.",
    verb: service.revokeKey,
    replies: { 200: { description: "The key, revoked", schema: keySchema } },
    handler: async ({ run, id }) => json(toKey(await run({ keyId: id("key") }))),
  });
  router.add({
    method: "get",
    path: "/v1/audit",
    tag: "Keys",
    summary: "List what was done, newest first",
    verb: service.listAudit,
    query: pageQuerySchema,
    replies: { 200: { description: "A page of audit entries", schema: pageSchema(auditEntrySchema) } },
    handler: async ({ run, query }) => json(toPage(await run(query), toAuditEntry)),
  });
  router.add({
    method: "get",
    path: "/v1/usage",
    tag: "Keys",
    summary: "What was used and what it cost",
    verb: service.readUsage,
    query: usageQuerySchema,
    replies: { 200: { description: "Sums by kind, stage and model", schema: usageSummarySchema } },
    handler: async ({ run, query }) => json(toUsageSummary(await run(query))),
  });

  router.add({
    method: "post",
    path: "/v1/admin/tenants",
    tag: "Operator",
    summary: "Make a tenant",
    verb: service.createTenant,
    body: createTenantSchema,
    replies: { 201: { description: "The tenant", schema: tenantSchema } },
    creates: {},
    handler: async ({ run, body }) => json(toTenant(await run(body)), 201),
  });
  router.add({
    method: "get",
    path: "/v1/admin/tenants",
    tag: "Operator",
    summary: "List tenants",
    verb: service.listTenants,
    query: pageQuerySchema,
    replies: { 200: { description: "A page of tenants", schema: pageSchema(tenantSchema) } },
    handler: async ({ run, query }) => json(toPage(await run(query), toTenant)),
  });
  router.add({
    method: "post",
    path: "/v1/admin/tenants/{id}/keys",
    tag: "Operator",
    summary: "Make a key for a tenant",
    verb: service.createTenantKey,
    body: createKeySchema,
    replies: { 201: { description: "The key with its secret", schema: createdKeySchema } },
    creates: { keep: withoutSecret },
    handler: async ({ run, id, body }) => json(toCreatedKey(await run({ ...body, tenantId: id("tenant") })), 201),
  });
}
