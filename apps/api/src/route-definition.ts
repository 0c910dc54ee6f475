import type { Actor, DocumentId, Id, IdKind } from "@footnote/core";
import type { BoundVerb } from "@footnote/service";
import type { z } from "zod";

interface ReplyDefinition {
  description: string;
  schema?: z.ZodType;
  /** Default `application/json` where there is a schema. */
  contentType?: string;
}

export interface RouteDefinition<I, O, Q extends z.ZodType, B extends z.ZodType> {
  method: "get" | "put" | "post" | "delete";
  /** OpenAPI's form: `/v1/documents/{id}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** What it does; its scope guards the route. */
  verb: BoundVerb<I, O>;
  query?: Q;
  /** The JSON body's schema. Without one the handler reads the body itself. */
  body?: B;
  /** A body without a JSON schema, for the reference. */
  rawBody?: { contentType: string; description: string }[];
  /** Request headers, for the reference. */
  headers?: Record<string, string>;
  replies: Record<number, ReplyDefinition>;
  /** Whether it creates something: then an Idempotency-Key is honoured. */
  creates?: {
    /** The reply that is kept for a replay, from the one that was sent. Default: the same. */
    keep?(body: Record<string, unknown>): Record<string, unknown>;
    /** Makes the replay from what was kept; default: the kept body. */
    replay?(kept: string, call: Call<I, O, z.output<Q>, z.output<B>>): Promise<Response>;
    /** The handler completes by itself, through `call.idempotency`. */
    manual?: boolean;
  };
  handler(call: Call<I, O, z.output<Q>, z.output<B>>): Promise<Response>;
}

/** One request on its way through a handler: authenticated, allowed, validated. */
export interface Call<I, O, Q, B> {
  request: Request;
  requestId: string;
  actor: Actor;
  query: Q;
  body: B;
  /** Calls the route's verb as the request's actor. `signal` ends it besides the request's own. */
  run(input: I, signal?: AbortSignal): Promise<O>;
  /** Fires when the client leaves or open work has to end. */
  signal: AbortSignal;
  idempotency: Idempotency | null;
  /** A path parameter, decoded. */
  param(name: string): string;
  /** A path parameter as an id; a malformed one is `not_found`, like an unknown one. */
  id<Kind extends IdKind>(kind: Kind, name?: string): Id<Kind>;
  /** The body, within a limit. */
  readBody(maxBytes?: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Keeps the request counted as open until the returned function is called: for streams. */
  holdOpen(): () => void;
}

/** The reply of a request that has an Idempotency-Key, kept for its repetition. */
export interface Idempotency {
  complete(reply: { status: number; body: string; documentId?: DocumentId }): Promise<void>;
  abandon(): Promise<void>;
}

export type AnyRoute = RouteDefinition<unknown, unknown, z.ZodType, z.ZodType>;
export type AnyCall = Call<unknown, unknown, unknown, unknown>;
