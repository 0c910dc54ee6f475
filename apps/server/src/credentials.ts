import { isId } from "@footnote/core";
import type { Attribution, TenantId } from "@footnote/core";
import type { Store } from "@footnote/storage";
import { issueKey, issueOperatorKey, parseKey } from "@footnote/tenancy";
import type { Credentials, DataFolder } from "./data-folder.ts";

/** The tenant that commands on this machine work in. */
export const localTenantName = "Demo";

/** The keys kept in the data folder; made when they are missing or not of this store. */
export async function ensureCredentials(store: Store, folder: DataFolder): Promise<Credentials> {
  const known = await folder.readCredentials();
  if (known && (await isValid(store, known.key)) && (await isValid(store, known.adminKey))) return known;
  const by: Attribution = { actor: { type: "system", id: "footnote command line" } };
  const tenantId =
    known && isId("tenant", known.tenantId) && (await store.routing.getTenant(known.tenantId))
      ? known.tenantId
      : ((await findLocalTenant(store)) ?? (await store.routing.createTenant({ name: localTenantName, by })).id);
  const [{ key }, { key: adminKey }] = await Promise.all([
    issueKey(store, tenantId, { name: "this machine", scopes: ["read", "ask", "ingest", "admin"], by }),
    issueOperatorKey(store, { name: "this machine", by }),
  ]);
  const credentials = { adminKey, tenantId, key };
  await folder.writeCredentials(credentials);
  return credentials;
}

/** The local tenant of a store that came without its credentials, as a restored backup does. */
async function findLocalTenant(store: Store): Promise<TenantId | undefined> {
  const { data } = await store.routing.listTenants({ limit: 100 });
  return data.find(({ name }) => name === localTenantName)?.id;
}

async function isValid(store: Store, key: string): Promise<boolean> {
  const parsed = parseKey(key);
  const record = parsed ? await store.routing.authenticate(parsed.id) : null;
  return record !== null && record.digest === parsed?.digest && record.revokedAt === null;
}
