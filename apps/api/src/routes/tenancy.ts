import { FootnoteError, type CollectionId } from "@footnote/core";
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
import { type Authenticator, issueKey, type TenantPrincipal } from "@footnote/tenancy";
import type { ApiDependencies } from "../dependencies.ts";
import { page } from "../page.ts";
import { findCollection } from "../pipelines-in-use.ts";
import { json, notFound, operator, type Router, scoped } from "../route.ts";
import { toAuditEntry, toKey, toPage, toTenant } from "../wire.ts";

const day = 86_400_000;
/** Nothing was used before; Postgres has no year 0. */
const firstYear = 2000;
/** A secret is shown once: what is kept for a replay has none. */
const withoutSecret = (body: Record<string, unknown>) => ({ ...body, key: null });

export function addTenancyRoutes(router: Router, { store, clock }: ApiDependencies, authenticator: Authenticator): void {
  function expiry(expiresAt: string | undefined): Date | null {
    if (expiresAt === undefined) return null;
    const date = new Date(expiresAt);
    if (date.getTime() <= clock.now()) throw new FootnoteError("invalid_request", "expiresAt lies in the past; choose a later time.");
    return date;
  }

  /** What concerns the whole tenant is not for a key that is limited to some of its collections. */
  function requireUnlimited(principal: TenantPrincipal): void {
    if (principal.collections === null) return;
    throw new FootnoteError("forbidden", "This key is limited to collections; the tenant's keys and audit need one that is not.");
  }

  router.add({
    method: "post",
    path: "/v1/keys",
    tag: "Keys",
    summary: "Make a key",
    description:
      "The secret is in this reply and never shown again. A key that is limited to collections can only make keys for those, and neither list nor revoke any.",
    guard: scoped("admin"),
    body: createKeySchema,
    replies: { 201: { description: "The key with its secret", schema: createdKeySchema } },
    creates: { keep: withoutSecret },
    async handler({ principal, body, audit }) {
      const { name = "key", scopes, collections } = body;
      let allowed: CollectionId[] | null = null;
      if (collections) {
        allowed = [];
        for (const nameOrId of collections) allowed.push((await findCollection(store, principal, nameOrId)).id);
      } else if (principal.collections !== null) allowed = [...principal.collections];
      const { record, key } = await issueKey(store, principal.tenantId, {
        name,
        scopes,
        collections: allowed,
        expiresAt: expiry(body.expiresAt),
        audit,
      });
      return json({ ...toKey(record), key }, 201);
    },
  });
  router.add({
    method: "get",
    path: "/v1/keys",
    tag: "Keys",
    summary: "List keys, without their secrets",
    guard: scoped("admin"),
    query: pageQuerySchema,
    replies: { 200: { description: "A page of keys", schema: pageSchema(keySchema) } },
    async handler({ principal, query }) {
      requireUnlimited(principal);
      return json(toPage(await store.keys.list(principal.tenantId, page(query)), toKey));
    },
  });
  router.add({
    method: "delete",
    path: "/v1/keys/{id}",
    tag: "Keys",
    summary: "Revoke a key",
    description: "At once in this process, within five seconds in others.",
    guard: scoped("admin"),
    replies: { 200: { description: "The key, revoked", schema: keySchema } },
    async handler({ principal, id, audit }) {
      requireUnlimited(principal);
      const keyId = id("key");
      const record = await store.keys.revoke(principal.tenantId, keyId, audit);
      if (!record) throw notFound();
      authenticator.forget(keyId);
      return json(toKey(record));
    },
  });
  router.add({
    method: "get",
    path: "/v1/audit",
    tag: "Keys",
    summary: "List what was done, newest first",
    guard: scoped("admin"),
    query: pageQuerySchema,
    replies: { 200: { description: "A page of audit entries", schema: pageSchema(auditEntrySchema) } },
    async handler({ principal, query }) {
      requireUnlimited(principal);
      return json(toPage(await store.audit.list(principal.tenantId, page(query)), toAuditEntry));
    },
  });
  router.add({
    method: "get",
    path: "/v1/usage",
    tag: "Keys",
    summary: "What was used and what it cost",
    guard: scoped("read"),
    query: usageQuerySchema,
    replies: { 200: { description: "Sums by kind, stage and model", schema: usageSummarySchema } },
    async handler({ principal, query }) {
      const to = query.to === undefined ? new Date(clock.now()) : new Date(query.to);
      const from = query.from === undefined ? new Date(to.getTime() - 30 * day) : new Date(query.from);
      if (from.getUTCFullYear() < firstYear)
        throw new FootnoteError("invalid_request", `The time range begins before ${firstYear}; choose a later one.`);
      if (from >= to) throw new FootnoteError("invalid_request", "from must be before to.");
      return json({ from: from.toISOString(), to: to.toISOString(), data: await store.usage.summary(principal.tenantId, { from, to }) });
    },
  });

  router.add({
    method: "post",
    path: "/v1/admin/tenants",
    tag: "Operator",
    summary: "Make a tenant",
    guard: operator,
    body: createTenantSchema,
    replies: { 201: { description: "The tenant", schema: tenantSchema } },
    creates: {},
    handler: async ({ body, audit }) => json(toTenant(await store.routing.createTenant({ name: body.name, audit })), 201),
  });
  router.add({
    method: "get",
    path: "/v1/admin/tenants",
    tag: "Operator",
    summary: "List tenants",
    guard: operator,
    query: pageQuerySchema,
    replies: { 200: { description: "A page of tenants", schema: pageSchema(tenantSchema) } },
    handler: async ({ query }) => json(toPage(await store.routing.listTenants(page(query)), toTenant)),
  });
  router.add({
    method: "post",
    path: "/v1/admin/tenants/{id}/keys",
    tag: "Operator",
    summary: "Make a key for a tenant",
    guard: operator,
    body: createKeySchema,
    replies: { 201: { description: "The key with its secret", schema: createdKeySchema } },
    creates: { keep: withoutSecret },
    async handler({ id, body, audit }) {
      const tenant = await store.routing.getTenant(id("tenant"));
      if (!tenant) throw notFound();
      const collections: CollectionId[] = [];
      for (const nameOrId of body.collections ?? []) {
        const collection = await store.collections.get(tenant.id, nameOrId);
        if (!collection) throw notFound();
        collections.push(collection.id);
      }
      const { name = "key", scopes } = body;
      const { record, key } = await issueKey(store, tenant.id, {
        name,
        scopes,
        collections: body.collections ? collections : null,
        expiresAt: expiry(body.expiresAt),
        audit,
      });
      return json({ ...toKey(record), key }, 201);
    },
  });
}
