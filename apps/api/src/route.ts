import { randomUUID } from "node:crypto";
import { type Actor, FootnoteError, isId, type Scope } from "@footnote/core";
import { notFound, requireStorable, validate } from "@footnote/service";
import type { Store } from "@footnote/storage";
import type { Authenticator } from "@footnote/tenancy";
import type { Hono } from "hono";
import { z } from "zod";
import { createBodyBudget } from "./body-budget.ts";
import type { Drain } from "./drain.ts";
import { withIdempotency } from "./idempotency.ts";
import type { AnyCall, AnyRoute, RouteDefinition } from "./route-definition.ts";
import { decodeUtf8, maxJsonBytes, mediaTypeOf, parseJson, readBody } from "./request-body.ts";

/** A route as the reference and the tests see it. */
export interface RouteInfo {
  method: string;
  path: string;
  scope: Scope | "operator" | null;
  /** Has the types of its handler erased. */
  definition: Omit<AnyRoute, "handler" | "verb" | "creates"> & { creates: boolean };
}

/** A route that needs no key and reads nothing. */
export interface OpenRouteDefinition extends Pick<AnyRoute, "path" | "tag" | "summary" | "replies"> {
  handler(): Promise<Response>;
}

export interface Router {
  readonly routes: readonly RouteInfo[];
  add<I, O, Q extends z.ZodType = z.ZodObject<Record<never, never>>, B extends z.ZodType = z.ZodUndefined>(
    definition: RouteDefinition<I, O, Q, B>,
  ): void;
  /** A GET without a key. */
  addOpen(definition: OpenRouteDefinition): void;
}

export interface RouterOptions {
  authenticator: Pick<Authenticator, "authenticate">;
  idempotency: Store["idempotency"];
  drain: Drain;
  maxUploadBytes: number;
}

/** Bodies of the largest size that may be in memory at once. */
const bodiesInMemory = 4;
/** How long a body may take to arrive. */
const bodyTimeoutMs = 120_000;

export function createRouter(app: Hono, { authenticator, idempotency, drain, maxUploadBytes }: RouterOptions): Router {
  const routes: RouteInfo[] = [];
  const bodies = createBodyBudget({ maxBytes: bodiesInMemory * Math.max(maxUploadBytes, maxJsonBytes) });
  return {
    routes,
    add(definition) {
      const route = erase(definition);
      const { handler: _handler, verb, creates, ...described } = route;
      const method = route.method.toUpperCase();
      routes.push({ method, path: route.path, scope: verb.scope, definition: { ...described, creates: creates !== undefined } });
      app.on(method, route.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (c) => {
        const request = c.req.raw;
        const requestId = requestIdOf(request);
        const signal = AbortSignal.any([request.signal, drain.signal]);
        const actor = await authenticator.authenticate(bearer(request));
        // Before anything of the request is read; the verb asks again.
        verb.allow(actor);
        const share = bodies.open(ownerOf(actor));
        const call: AnyCall = {
          request,
          requestId,
          actor,
          query: readQuery(request, route.query),
          body: undefined,
          run: (input, ending) => verb(actor, input, { requestId, signal: ending ? AbortSignal.any([signal, ending]) : signal }),
          signal,
          idempotency: null,
          param: (name) => c.req.param(name) ?? "",
          id: (kind, name = "id") => {
            const value = c.req.param(name);
            if (!isId(kind, value)) throw notFound();
            return value;
          },
          readBody: (maxBytes = maxUploadBytes) => readBody(request, { maxBytes, timeoutMs: bodyTimeoutMs, signal: request.signal, share }),
          holdOpen: () => drain.enter(),
        };
        try {
          let bytes: Uint8Array<ArrayBuffer> | null = null;
          if (route.body) {
            requireJson(request);
            bytes = await call.readBody(maxJsonBytes);
            call.body = validate(route.body, parseJson(decodeUtf8(bytes, "The body"), "The body"), "The body");
          }
          const key = creates ? request.headers.get("idempotency-key") : null;
          return key === null ? await route.handler(call) : await withIdempotency(route, call, { key, bytes, store: idempotency });
        } finally {
          share.close();
        }
      });
    },
    addOpen({ handler, ...described }) {
      routes.push({ method: "GET", path: described.path, scope: null, definition: { ...described, method: "get", creates: false } });
      app.get(described.path, () => handler());
    },
  };
}

/** A route without its types: what it is called with was made by its own verb and schemas, which is all that the types say. */
function erase<I, O, Q extends z.ZodType, B extends z.ZodType>(definition: RouteDefinition<I, O, Q, B>): AnyRoute {
  return definition as unknown as AnyRoute;
}

function bearer(request: Request): string {
  const header = request.headers.get("authorization");
  const match = header === null ? null : /^Bearer +(\S+)$/i.exec(header);
  if (match?.[1]) return match[1];
  throw new FootnoteError("unauthorized", "This address needs a key: send Authorization: Bearer <key>.");
}

function readQuery(request: Request, schema: z.ZodType = z.strictObject({})): unknown {
  const values = new Map<string, string>();
  for (const [name, value] of new URL(request.url).searchParams) {
    requireStorable(value, "The query string");
    if (values.has(name)) throw new FootnoteError("invalid_request", `The query has ${name.slice(0, 60)} twice; send it once.`);
    values.set(name, value);
  }
  return validate(schema, Object.fromEntries(values), "The query string");
}

/** Whose bodies share a limit: a tenant's, an operator's key's. */
function ownerOf(actor: Actor): string {
  return actor.type === "operator" ? actor.id : actor.tenantId;
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
