import { randomUUID } from "node:crypto";
import { FootnoteError, type Id, type IdKind, isId, sha256, type DocumentId } from "@footnote/core";
import { limits } from "@footnote/sdk";
import type { AuditActor, Scope } from "@footnote/storage";
import { type Authenticator, type OperatorPrincipal, requireOperator, requireScope, type TenantPrincipal } from "@footnote/tenancy";
import type { Hono } from "hono";
import { z } from "zod";
import type { ApiDependencies } from "./dependencies.ts";
import { createBodyBudget } from "./body-budget.ts";
import type { Drain } from "./drain.ts";
import { decodeUtf8, maxJsonBytes, mediaTypeOf, parseJson, readBody, requireStorable, validate } from "./request-body.ts";

interface ReplyDefinition {
  description: string;
  schema?: z.ZodType;
  /** Default `application/json` where there is a schema. */
  contentType?: string;
}

interface RouteDefinition<Q extends z.ZodType, B extends z.ZodType, P> {
  method: "get" | "put" | "post" | "delete";
  /** OpenAPI's form: `/v1/documents/{id}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** Checks the principal; null: the route is open. */
  guard: Guard<P>;
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
    replay?(kept: string, call: Call<z.output<Q>, z.output<B>, P>): Promise<Response>;
    /** The handler completes by itself, through `call.idempotency`. */
    manual?: boolean;
  };
  handler(call: Call<z.output<Q>, z.output<B>, P>): Promise<Response>;
}

interface Idempotency {
  complete(reply: { status: number; body: string; documentId?: DocumentId }): Promise<void>;
  abandon(): Promise<void>;
}

/** One request on its way through a handler: authenticated, allowed, validated. */
interface Call<Q, B, P> {
  request: Request;
  requestId: string;
  principal: P;
  query: Q;
  body: B;
  /** Who did it, for the audit. */
  audit: AuditActor;
  /** Fires when the client leaves or open work has to end. */
  signal: AbortSignal;
  idempotency: Idempotency | null;
  /** A path parameter, decoded. */
  param(name: string): string;
  /** A path parameter as an id; a malformed one is `not_found`, like an unknown one. */
  id<Kind extends IdKind>(kind: Kind, name?: string): Id<Kind>;
  /** The body, within a limit. */
  readBody(maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Keeps the request counted as open until the returned function is called: for streams. */
  holdOpen(): () => void;
}

export interface Guard<P> {
  /** For the reference and for tests that walk over all routes. */
  readonly scope: Scope | "operator" | null;
  check(request: Request, authenticator: Authenticator): Promise<P>;
}

export const open: Guard<null> = { scope: null, check: async () => null };
export const operator: Guard<OperatorPrincipal> = {
  scope: "operator",
  check: async (request, authenticator) => requireOperator(await authenticator.authenticate(bearer(request))),
};
export function scoped(scope: Scope): Guard<TenantPrincipal> {
  return { scope, check: async (request, authenticator) => requireScope(await authenticator.authenticate(bearer(request)), scope) };
}

function bearer(request: Request): string {
  const header = request.headers.get("authorization");
  const match = header === null ? null : /^Bearer +(\S+)$/i.exec(header);
  if (match?.[1]) return match[1];
  throw new FootnoteError("unauthorized", "This address needs a key: send Authorization: Bearer <key>.");
}

/** A route as the reference and the tests see it. */
export interface RouteInfo {
  method: string;
  path: string;
  scope: Scope | "operator" | null;
  /** Has the types of its handler erased. */
  definition: Omit<RouteDefinition<z.ZodType, z.ZodType, unknown>, "handler" | "guard" | "creates"> & { creates: boolean };
}

export interface Router {
  readonly routes: readonly RouteInfo[];
  add<P, Q extends z.ZodType = z.ZodObject<Record<never, never>>, B extends z.ZodType = z.ZodUndefined>(
    definition: RouteDefinition<Q, B, P>,
  ): void;
}

export const notFound = () => new FootnoteError("not_found", "There is nothing at this address, or it is not yours.");

/** Bodies of the largest size that may be in memory at once. */
const bodiesInMemory = 4;
/** How long a body may take to arrive. */
const bodyTimeoutMs = 120_000;

export function createRouter(app: Hono, options: { deps: ApiDependencies; authenticator: Authenticator; drain: Drain }): Router {
  const { deps, authenticator, drain } = options;
  const routes: RouteInfo[] = [];
  const bodies = createBodyBudget({ maxBytes: bodiesInMemory * Math.max(deps.environment.FOOTNOTE_MAX_UPLOAD_BYTES, maxJsonBytes) });
  return {
    routes,
    add(definition) {
      const { method, path, guard, query, body, creates } = definition;
      const { handler: _handler, guard: _guard, creates: _creates, ...described } = definition;
      routes.push({ method: method.toUpperCase(), path, scope: guard.scope, definition: { ...described, creates: creates !== undefined } });
      app.on(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ":$1"), async (c) => {
        const request = c.req.raw;
        const requestId = requestIdOf(request);
        const signal = AbortSignal.any([request.signal, drain.signal]);
        const principal = await guard.check(request, authenticator);
        const readQuery = () => {
          const values = new Map<string, string>();
          for (const [name, value] of new URL(request.url).searchParams) {
            requireStorable(value, "The query string");
            if (values.has(name)) throw new FootnoteError("invalid_request", `The query has ${name.slice(0, 60)} twice; send it once.`);
            values.set(name, value);
          }
          return validate(query ?? z.strictObject({}), Object.fromEntries(values), "The query string");
        };
        const share = bodies.open(ownerOf(principal));
        const call: Call<unknown, unknown, unknown> = {
          request,
          requestId,
          principal,
          query: guard.scope === null && !query ? {} : readQuery(),
          body: undefined,
          audit: { actor: actorOf(principal), requestId },
          signal,
          idempotency: null,
          param: (name) => c.req.param(name) ?? "",
          id: (kind, name = "id") => {
            const value = c.req.param(name);
            if (!isId(kind, value)) throw notFound();
            return value;
          },
          readBody: (maxBytes) => readBody(request, { maxBytes, timeoutMs: bodyTimeoutMs, signal: request.signal, share }),
          holdOpen: () => drain.enter(),
        };
        try {
          let bytes: Uint8Array<ArrayBuffer> | null = null;
          if (body) {
            requireJson(request);
            bytes = await call.readBody(maxJsonBytes);
            const text = decodeUtf8(bytes, "The body");
            call.body = validate(body, parseJson(text, "The body"), "The body");
          }
          const run = erase(definition);
          const key = creates ? request.headers.get("idempotency-key") : null;
          return key === null ? await run.handler(call) : await idempotent(run, call, { key, bytes, deps });
        } finally {
          share.close();
        }
      });
    },
  };
}

type AnyRoute = RouteDefinition<z.ZodType, z.ZodType, unknown>;

/** A route without its types: what it is called with was made by its own guard and schemas, which is all that the types say. */
function erase<Q extends z.ZodType, B extends z.ZodType, P>(definition: RouteDefinition<Q, B, P>): AnyRoute {
  return definition as unknown as AnyRoute;
}

async function idempotent(
  definition: AnyRoute,
  call: Call<unknown, unknown, unknown>,
  options: { key: string; bytes: Uint8Array<ArrayBuffer> | null; deps: ApiDependencies },
): Promise<Response> {
  const { key, deps } = options;
  const { store } = deps;
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > limits.idempotencyKeyLength) {
    throw new FootnoteError("invalid_request", `The Idempotency-Key must be 1 to ${limits.idempotencyKeyLength} visible ASCII characters.`);
  }
  // A body that the handler reads itself is read here, to be hashed, and given to it again.
  const bytes = options.bytes ?? (await call.readBody(deps.environment.FOOTNOTE_MAX_UPLOAD_BYTES));
  call.readBody = async () => bytes;
  const scope = scopeOf(call.principal);
  const { pathname } = new URL(call.request.url);
  const contentType = call.request.headers.get("content-type")?.split(";")[0] ?? "";
  // A multipart boundary is drawn anew for each try, so it is taken out of what is hashed.
  const boundary = /boundary="?([^";]+)/i.exec(call.request.headers.get("content-type") ?? "")?.[1];
  const content = boundary ? Buffer.from(bytes).toString("latin1").replaceAll(boundary, "") : bytes;
  const hash = sha256(`${call.request.method} ${pathname} ${contentType} ${sha256(content)}`);
  const begun = await store.idempotency.begin(scope, key, hash);
  switch (begun.type) {
    case "mismatch":
      throw new FootnoteError("idempotency_mismatch", "This Idempotency-Key was used for another request; use a new one.");
    case "in-progress":
      throw new FootnoteError("idempotency_in_progress", "A request with this Idempotency-Key is still running; try again in a moment.", {
        details: { retryAfterSeconds: 1 },
      });
    case "replay": {
      const replayed = definition.creates?.replay
        ? await definition.creates.replay(begun.body, call)
        : new Response(begun.body, { status: begun.status, headers: { "content-type": "application/json" } });
      replayed.headers.set("idempotency-replayed", "true");
      return replayed;
    }
    case "started": {
      call.idempotency = {
        complete: (reply) => store.idempotency.complete(scope, key, reply),
        abandon: () => store.idempotency.abandon(scope, key),
      };
      let response: Response;
      try {
        response = await definition.handler(call);
      } catch (error) {
        await call.idempotency.abandon().catch(() => undefined);
        throw error;
      }
      if (definition.creates?.manual) return response;
      const text = await response.text();
      const value = replySchema.parse(text === "" ? {} : JSON.parse(text));
      const kept = definition.creates?.keep ? definition.creates.keep(value) : value;
      await call.idempotency.complete({ status: response.status, body: JSON.stringify(kept) });
      return new Response(text, { status: response.status, headers: response.headers });
    }
  }
}

const replySchema = z.record(z.string(), z.unknown());
const principalSchema = z.object({ keyId: z.string(), tenantId: z.string().optional() });
type IdempotencyScope = Parameters<ApiDependencies["store"]["idempotency"]["begin"]>[0];

function scopeOf(principal: unknown): IdempotencyScope {
  const { keyId, tenantId } = principalSchema.parse(principal);
  if (!isId("key", keyId) || (tenantId !== undefined && !isId("tenant", tenantId))) throw notFound();
  return { principal: keyId, tenantId: tenantId ?? null };
}

/** Whose bodies share a limit: a tenant's, an operator's key's. */
function ownerOf(principal: unknown): string {
  const known = principalSchema.safeParse(principal);
  return known.success ? (known.data.tenantId ?? known.data.keyId) : "anonymous";
}

function actorOf(principal: unknown): string {
  const known = principalSchema.safeParse(principal);
  return known.success ? known.data.keyId : "anonymous";
}

function requireJson(request: Request): void {
  const type = mediaTypeOf(request);
  if (type === "application/json" || type?.endsWith("+json")) return;
  throw new FootnoteError("unsupported_media_type", "The body must be JSON: send content-type: application/json.");
}

const requestIds = new WeakMap<Request, string>();

/** The request's id: the caller's own where it is well formed, a new one otherwise; the same for one request. */
export function requestIdOf(request: Request): string {
  const known = requestIds.get(request);
  if (known) return known;
  const given = request.headers.get("x-request-id");
  const id = given !== null && /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : randomUUID();
  requestIds.set(request, id);
  return id;
}

export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });
}
