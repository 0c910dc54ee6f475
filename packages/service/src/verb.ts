import { randomUUID } from "node:crypto";
import { type Actor, actorRef, type Attribution, FootnoteError, type OperatorActor, type Scope, type TenantActor } from "@footnote/core";
import type { VerbContext } from "./service-context.ts";

/** One call of a verb: by whom, through which request, and until when. */
export interface VerbCall<A extends Actor> {
  actor: A;
  /** What the audit says of who did it. */
  by: Attribution;
  requestId: string;
  signal: AbortSignal;
}

/** What Footnote can be asked to do. Whoever calls it, in whatever format: right, validation, change, audit and ledger are here. */
export interface Verb<A extends Actor, I, O> {
  readonly scope: Scope | "operator";
  /** Actions of the audit rows that it may leave; none: it changes nothing. */
  readonly audits: readonly string[];
  /** The actor, where it has the right; throws `forbidden` otherwise. */
  allow(actor: Actor): A;
  run(context: VerbContext, call: VerbCall<A>, input: I): Promise<O>;
}

type Definition<S, A extends Actor, I, O> = { scope: S } & Pick<Verb<A, I, O>, "audits" | "run">;

/** A verb within a tenant. */
export function defineVerb<I, O>(definition: Definition<Scope, TenantActor, I, O>): Verb<TenantActor, I, O> {
  return { ...definition, allow: (actor) => requireScope(actor, definition.scope) };
}

/** A verb of whoever runs the installation. */
export function defineOperatorVerb<I, O>(definition: Omit<Definition<never, OperatorActor, I, O>, "scope">): Verb<OperatorActor, I, O> {
  return { ...definition, scope: "operator", allow: requireOperator };
}

export interface CallOptions {
  /** Names the call in audit, ledger and log. Default: a new one. */
  requestId?: string;
  signal?: AbortSignal;
}

/** A verb with everything it works on: what routes, commands and jobs call. */
export interface BoundVerb<I, O> extends Pick<Verb<Actor, I, O>, "scope" | "audits" | "allow"> {
  (actor: Actor, input: I, options?: CallOptions): Promise<O>;
}

export type Bound<V> = V extends Verb<infer _A extends Actor, infer I, infer O> ? BoundVerb<I, O> : never;

/** The one place where a call is let through. */
export function bindVerb<A extends Actor, I, O>(context: VerbContext, verb: Verb<A, I, O>): BoundVerb<I, O> {
  const { scope, audits, allow } = verb;
  async function call(actor: Actor, input: I, options: CallOptions = {}): Promise<O> {
    const { requestId = randomUUID(), signal = new AbortController().signal } = options;
    return await verb.run(context, { actor: allow(actor), by: { actor: actorRef(actor), requestId }, requestId, signal }, input);
  }
  return Object.assign(call, { scope, audits, allow });
}

function requireScope(actor: Actor, scope: Scope): TenantActor {
  if (actor.type === "operator") {
    throw new FootnoteError("forbidden", "An operator's key is only good for /v1/admin; use a key of the tenant.");
  }
  if (!actor.scopes.includes(scope)) {
    throw new FootnoteError("forbidden", `This key lacks the scope ${scope}; use one that has it.`, { details: { scope } });
  }
  return actor;
}

function requireOperator(actor: Actor): OperatorActor {
  if (actor.type === "operator") return actor;
  throw new FootnoteError("forbidden", "Only an operator's key is accepted here.");
}
