import {
  type Actor,
  type ActorRef,
  type Clock,
  FootnoteError,
  isId,
  type KeyActor,
  type KeyId,
  scopes,
  type Telemetry,
  type TenantActor,
  type TenantId,
} from "@footnote/core";
import type { AuthenticationRecord, Store } from "@footnote/storage";
import { LRUCache } from "lru-cache";
import { digestsEqual, parseKey } from "./key-format.ts";

export interface AuthenticatorOptions {
  store: Pick<Store, "routing">;
  clock: Clock;
  telemetry?: Telemetry;
  /** How long another process's revocation may go unseen. Default 3,000, at most 5,000. */
  cacheMs?: number;
  /** Keys remembered at once. Default 10,000. */
  cacheSize?: number;
  /** How often a key's last use is written down. Default 60,000. */
  touchMs?: number;
}

export interface Authenticator {
  /** Throws `unauthorized` for a key that is malformed, unknown, expired or revoked; the message does not say which. */
  authenticate(key: string): Promise<Actor>;
  /**
   * A stored actor of a tenant with what it may do now: for work that goes on after the request that began it. Throws `unauthorized` for a
   * key that is expired or revoked, and for whoever cannot be looked up.
   */
  actorOf(tenantId: TenantId, ref: ActorRef): Promise<TenantActor>;
  /** Forgets a key at once: call it where this process revokes one. */
  forget(keyId: KeyId): void;
}

interface CachedRecord {
  record: Promise<AuthenticationRecord | null>;
  until: number;
}

/** Turns keys into actors. Equal lookups at the same moment share one; a failed lookup is not remembered. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { store, clock, telemetry, cacheSize = 10_000, touchMs = 60_000 } = options;
  const cacheMs = Math.min(options.cacheMs ?? 3_000, 5_000);
  const records = new LRUCache<KeyId, CachedRecord>({ max: cacheSize });
  const touched = new LRUCache<KeyId, number>({ max: cacheSize });

  function lookUp(keyId: KeyId): Promise<AuthenticationRecord | null> {
    const cached = records.get(keyId);
    if (cached && clock.now() < cached.until) return cached.record;
    const record = store.routing.authenticate(keyId);
    const entry = { record, until: clock.now() + cacheMs };
    records.set(keyId, entry);
    const drop = () => {
      if (records.get(keyId) === entry) records.delete(keyId);
    };
    record.then((found) => (found ? undefined : drop()), drop);
    return record;
  }

  function touch(keyId: KeyId): void {
    const now = clock.now();
    if (now - (touched.get(keyId) ?? -Infinity) < touchMs) return;
    touched.set(keyId, now);
    store.routing
      .touchKey(keyId)
      .catch((error: unknown) => telemetry?.logger.error({ key: keyId }, "a key's last use could not be written", error));
  }

  const isLive = ({ revokedAt, expiresAt }: AuthenticationRecord) =>
    revokedAt === null && (expiresAt === null || expiresAt.getTime() > clock.now());

  return {
    async authenticate(key) {
      const parsed = parseKey(key);
      const record = parsed && (await lookUp(parsed.id));
      if (
        !record ||
        !digestsEqual(record.digest, parsed.digest) ||
        (record.tenantId === null) !== (parsed.kind === "operator") ||
        !isLive(record)
      ) {
        throw new FootnoteError("unauthorized", "The key is not valid; check it, or ask for a new one.");
      }
      touch(record.keyId);
      if (record.tenantId === null) return { type: "operator", id: record.keyId };
      return actorOfKey(record, record.tenantId);
    },
    async actorOf(tenantId, { type, id }) {
      if (type === "system") return { type, id, tenantId, scopes, collections: null };
      const record = type === "key" && isId("key", id) ? await lookUp(id) : null;
      if (record?.tenantId === tenantId && isLive(record)) return actorOfKey(record, tenantId);
      throw new FootnoteError("unauthorized", "The key that this was begun with was revoked or has expired; begin it again with another.");
    },
    forget(keyId) {
      records.delete(keyId);
    },
  };
}

function actorOfKey({ keyId, scopes: rights, collections }: AuthenticationRecord, tenantId: TenantId): KeyActor {
  return { type: "key", id: keyId, tenantId, scopes: rights, collections };
}
