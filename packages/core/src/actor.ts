import type { CollectionId, KeyId, MemberId, TenantId } from "./ids.ts";

/** What an actor may do within its tenant. */
export const scopes = ["read", "ask", "ingest", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** What every actor of a tenant carries: its tenant, its rights, and the collections that it is limited to. */
export interface TenantRights {
  tenantId: TenantId;
  scopes: readonly Scope[];
  /** Null: every collection of the tenant. */
  collections: readonly CollectionId[] | null;
}

/** A program that calls with one of the tenant's keys. */
export interface KeyActor extends TenantRights {
  type: "key";
  id: KeyId;
}

/** A person who is signed in. */
export interface MemberActor extends TenantRights {
  type: "member";
  id: MemberId;
}

/** This program itself, working for a tenant: a job, the command line on this machine, maintenance. `id` says which part, in plain words. */
export interface SystemActor extends TenantRights {
  type: "system";
  id: string;
}

/** Who runs the installation. An operator belongs to no tenant and names the tenant that it works on. */
export interface OperatorActor {
  type: "operator";
  id: KeyId;
}

/** Who does something. The first argument of every verb of packages/service. */
export type TenantActor = KeyActor | MemberActor | SystemActor;
export type Actor = TenantActor | OperatorActor;

/** An actor as it is stored: who it was, without what it was allowed to do then. */
export interface ActorRef {
  type: Actor["type"];
  id: string;
}

/** Who made a change, through which request: what an audit row says besides the change itself. */
export interface Attribution {
  actor: ActorRef;
  requestId?: string;
}

export function actorRef({ type, id }: ActorRef): ActorRef {
  return { type, id };
}

/** Whether the actor's allow-list has the collection. What it has not is answered like what does not exist. */
export function maySeeCollection({ collections }: Pick<TenantRights, "collections">, collectionId: CollectionId): boolean {
  return collections === null || collections.includes(collectionId);
}
