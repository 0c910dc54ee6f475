import { FootnoteError, type KeyId, newId } from "@footnote/core";
import { createFakeClock, createSilentTelemetry } from "@footnote/core/testing";
import type { AuthenticationRecord, Store } from "@footnote/storage";
import { openTestStore } from "@footnote/storage/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthenticator } from "./authenticator.ts";
import { bootstrapOperator, issueKey, issueOperatorKey } from "./issue-key.ts";
import { makeKey } from "./key-format.ts";
import { testBy } from "@footnote/storage/testing";

let opened: Awaited<ReturnType<typeof openTestStore>>;
let store: Store;
beforeAll(async () => {
  opened = await openTestStore("pglite");
  ({ store } = opened);
});
afterAll(() => opened.close());
const tenant = async () => (await store.routing.createTenant({ name: "test", by: testBy })).id;
const start = Date.UTC(2026, 10, 21);
const refused = { code: "unauthorized" };

/** The store's own routing with its look-ups counted. */
function counted(change: (record: AuthenticationRecord | null) => AuthenticationRecord | null = (record) => record) {
  const looked: KeyId[] = [];
  const routing: Store["routing"] = {
    ...store.routing,
    authenticate: async (id) => {
      looked.push(id);
      return change(await store.routing.authenticate(id));
    },
  };
  return { store: { routing }, looked };
}

test("a tenant's key gives its tenant, scopes and collections; an operator's key an operator", async () => {
  const tenantId = await tenant();
  const { record, key } = await issueKey(store, tenantId, { name: "k", scopes: ["read", "ask", "read"], by: testBy });
  const authenticator = createAuthenticator({ store, clock: createFakeClock(start) });
  expect(await authenticator.authenticate(key)).toEqual({
    type: "key",
    id: record.id,
    tenantId,
    scopes: ["read", "ask"],
    collections: null,
  });
  const operator = await issueOperatorKey(store, { name: "o", by: testBy });
  expect(await authenticator.authenticate(operator.key)).toMatchObject({ type: "operator" });
});

test("a typo is refused without a look into the store; a made-up key after one", async () => {
  const { store: counting, looked } = counted();
  const authenticator = createAuthenticator({ store: counting, clock: createFakeClock(start) });
  await expect(authenticator.authenticate("fn_live_nonsense")).rejects.toMatchObject(refused);
  expect(looked).toEqual([]);
  const id = newId("key");
  await expect(authenticator.authenticate(makeKey("tenant", id).key)).rejects.toMatchObject(refused);
  expect(looked).toEqual([id]);
});

test("another secret of a known id, and the other kind of key, are refused", async () => {
  const tenantId = await tenant();
  const { record } = await issueKey(store, tenantId, { name: "k", scopes: ["read"], by: testBy });
  const authenticator = createAuthenticator({ store, clock: createFakeClock(start) });
  await expect(authenticator.authenticate(makeKey("tenant", record.id).key)).rejects.toMatchObject(refused);
  const forged = makeKey("operator", record.id);
  const { store: same } = counted((found) => (found ? { ...found, digest: forged.digest } : found));
  await expect(createAuthenticator({ store: same, clock: createFakeClock(start) }).authenticate(forged.key)).rejects.toMatchObject(refused);
});

test("equal look-ups share one, are remembered for five seconds at most, and revocation is seen after that or at once when told", async () => {
  const tenantId = await tenant();
  const { record, key } = await issueKey(store, tenantId, { name: "k", scopes: ["read"], by: testBy });
  const clock = createFakeClock(start);
  const { store: counting, looked } = counted();
  const authenticator = createAuthenticator({ store: counting, clock, cacheMs: 60_000 });
  await Promise.all(Array.from({ length: 20 }, () => authenticator.authenticate(key)));
  expect(looked).toHaveLength(1);
  await store.keys.revoke(tenantId, record.id, testBy);
  await authenticator.authenticate(key);
  clock.advance(5_000);
  await expect(authenticator.authenticate(key)).rejects.toMatchObject(refused);
  expect(looked).toHaveLength(2);

  const second = await issueKey(store, tenantId, { name: "k", scopes: ["read"], by: testBy });
  await authenticator.authenticate(second.key);
  await store.keys.revoke(tenantId, second.record.id, testBy);
  authenticator.forget(second.record.id);
  await expect(authenticator.authenticate(second.key)).rejects.toMatchObject(refused);
});

test("work that goes on is refused once its key is revoked, has expired or is none", async () => {
  const tenantId = await tenant();
  const clock = createFakeClock(start);
  const { store: counting, looked } = counted();
  const authenticator = createAuthenticator({ store: counting, clock });
  const lasting = await issueKey(store, tenantId, { name: "k", scopes: ["read"], by: testBy });
  const brief = await issueKey(store, tenantId, { name: "k", scopes: ["read"], expiresAt: new Date(start + 1_000), by: testBy });
  const actorOf = (id: KeyId, of = tenantId) => authenticator.actorOf(of, { type: "key", id });
  for (const { record } of [lasting, brief, lasting]) {
    expect(await actorOf(record.id)).toEqual({ type: "key", id: record.id, tenantId, scopes: ["read"], collections: null });
  }
  expect(looked).toEqual([lasting.record.id, brief.record.id]);
  clock.advance(1_000);
  await expect(actorOf(brief.record.id)).rejects.toMatchObject(refused);
  await store.keys.revoke(tenantId, lasting.record.id, testBy);
  authenticator.forget(lasting.record.id);
  await expect(actorOf(lasting.record.id)).rejects.toMatchObject({ ...refused, retryable: false });
  await expect(actorOf(newId("key"))).rejects.toMatchObject(refused);
  const foreign = await issueKey(store, await tenant(), { name: "k", scopes: ["read"], by: testBy });
  await expect(actorOf(foreign.record.id)).rejects.toMatchObject(refused);
  await expect(authenticator.actorOf(tenantId, { type: "member", id: "mem_unknown" })).rejects.toMatchObject(refused);
  expect(await authenticator.actorOf(tenantId, { type: "system", id: "command line" })).toMatchObject({ tenantId, collections: null });
});

test("an expired key is refused by the clock, without a new look-up", async () => {
  const { key } = await issueKey(store, await tenant(), { name: "k", scopes: ["read"], expiresAt: new Date(start + 1_000), by: testBy });
  const clock = createFakeClock(start);
  const authenticator = createAuthenticator({ store, clock });
  await authenticator.authenticate(key);
  clock.advance(1_000);
  await expect(authenticator.authenticate(key)).rejects.toMatchObject(refused);
});

test("the cache is bounded, and a failing store is not remembered", async () => {
  const tenantId = await tenant();
  const keys = await Promise.all([1, 2, 3].map(() => issueKey(store, tenantId, { name: "k", scopes: ["read"], by: testBy })));
  const { store: counting, looked } = counted();
  const authenticator = createAuthenticator({ store: counting, clock: createFakeClock(start), cacheSize: 2 });
  for (const { key } of keys) await authenticator.authenticate(key);
  await authenticator.authenticate(keys[0]?.key ?? "");
  expect(looked).toHaveLength(4);
  let down = true;
  const { store: failing } = counted((record) => {
    if (down) throw new FootnoteError("storage_unavailable", "The database does not answer; try again.");
    return record;
  });
  const other = createAuthenticator({ store: failing, clock: createFakeClock(start) });
  await expect(other.authenticate(keys[0]?.key ?? "")).rejects.toMatchObject({ code: "storage_unavailable" });
  down = false;
  expect(await other.authenticate(keys[0]?.key ?? "")).toMatchObject({ type: "key" });
});

test("the last use is written once a minute; a failure to write it is logged and harms nobody", async () => {
  const { key } = await issueKey(store, await tenant(), { name: "k", scopes: ["read"], by: testBy });
  const clock = createFakeClock(start);
  const telemetry = createSilentTelemetry();
  let touches = 0;
  const routing: Store["routing"] = {
    ...store.routing,
    touchKey: async () => {
      touches += 1;
      throw new FootnoteError("storage_unavailable", "The database does not answer; try again.");
    },
  };
  const authenticator = createAuthenticator({ store: { routing }, clock, telemetry });
  await authenticator.authenticate(key);
  await authenticator.authenticate(key);
  clock.advance(60_000);
  await authenticator.authenticate(key);
  expect(touches).toBe(2);
  expect(telemetry.logged.map(({ level }) => level)).toEqual(["error", "error"]);
});

test("the first operator's key is made once", async () => {
  const fresh = await openTestStore("pglite");
  try {
    expect(await bootstrapOperator(fresh.store, testBy)).toMatchObject({ key: expect.stringMatching(/^fn_op_/) });
    expect(await bootstrapOperator(fresh.store, testBy)).toBeNull();
  } finally {
    await fresh.close();
  }
});
