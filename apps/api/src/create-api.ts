import { FootnoteError, toFootnoteError } from "@footnote/core";
import { notFound } from "@footnote/service";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import { routePath } from "hono/route";
import type { ApiDependencies } from "./dependencies.ts";
import { createDrain } from "./drain.ts";
import { describeRoutes } from "./openapi.ts";
import { addPages } from "./pages.ts";
import { problemResponse, statusOf } from "./problem.ts";
import { createRouter, requestIdOf, type RouteInfo } from "./route.ts";
import { addAnswerRoutes } from "./routes/answers.ts";
import { addCollectionRoutes } from "./routes/collections.ts";
import { addDocumentRoutes } from "./routes/documents.ts";
import { addEvaluationRoutes } from "./routes/evaluations.ts";
import { addJobRoutes } from "./routes/jobs.ts";
import { addSearchRoutes } from "./routes/search.ts";
import { addSystemRoutes } from "./routes/system.ts";
import { addTenancyRoutes } from "./routes/tenancy.ts";

export interface Api {
  app: Hono;
  /** Every route of the reference, for tests that walk over all of them. */
  routes: readonly RouteInfo[];
  /** Turns unready, refuses new work, lets what is open end for `graceMs`, then ends open streams with an event. */
  drain(options: { graceMs: number }): Promise<void>;
}

export function createApi(deps: ApiDependencies): Api {
  const { service, telemetry, environment } = deps;
  const drain = createDrain();
  const app = new Hono({ strict: true });

  app.use(async (c, next) => {
    const requestId = requestIdOf(c.req.raw);
    const began = performance.now();
    const leave = drain.enter();
    try {
      await next();
    } finally {
      leave();
      c.res.headers.set("x-request-id", requestId);
      if (drain.draining) c.res.headers.set("connection", "close");
      if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
      const route = routePath(c, -1) === "/*" ? "none" : routePath(c, -1);
      const { status } = c.res;
      const durationMs = Math.round((performance.now() - began) * 10) / 10;
      telemetry.observeRequest({ method: c.req.method, route, status, durationMs });
      telemetry.logger[status >= 500 && status !== 503 ? "warn" : "debug"](
        { requestId, method: c.req.method, route, status, durationMs },
        "request",
      );
    }
  });
  app.use(secureHeaders({ crossOriginResourcePolicy: "same-origin", xFrameOptions: "DENY", referrerPolicy: "no-referrer" }));
  if (environment.FOOTNOTE_CORS_ORIGINS.length > 0) {
    app.use(
      "/v1/*",
      cors({
        origin: environment.FOOTNOTE_CORS_ORIGINS,
        allowMethods: ["GET", "PUT", "POST", "DELETE"],
        allowHeaders: [
          "authorization",
          "content-type",
          "idempotency-key",
          "footnote-title",
          "footnote-metadata",
          "footnote-access",
          "x-request-id",
        ],
        exposeHeaders: ["x-request-id", "retry-after", "idempotency-replayed", "footnote-version"],
        maxAge: 600,
      }),
    );
  }
  app.use("/v1/*", async (_c, next) => {
    if (drain.draining) throw new FootnoteError("shutting_down", "The server is stopping; try again in a moment.");
    await next();
  });

  const router = createRouter(app, {
    authenticator: deps.authenticator,
    idempotency: deps.idempotency,
    drain,
    maxUploadBytes: environment.FOOTNOTE_MAX_UPLOAD_BYTES,
  });
  addCollectionRoutes(router, service);
  addDocumentRoutes(router, service);
  addJobRoutes(router, service, drain);
  addSearchRoutes(router, service);
  addAnswerRoutes(router, service);
  addEvaluationRoutes(router, service);
  addTenancyRoutes(router, service);
  addSystemRoutes(router, { readiness: deps.readiness, telemetry, drain });
  addPages(app);
  let reference: string | null = null;
  app.get("/openapi.json", (c) => {
    reference ??= JSON.stringify(describeRoutes(router.routes));
    return c.body(reference, 200, { "content-type": "application/json" });
  });

  const patterns = [
    ...router.routes.map(({ method, path }) => ({ method, path })),
    ...["/", "/docs", "/openapi.json"].map((path) => ({ method: "GET", path })),
  ].map(({ method, path }) => ({ method, pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`) }));
  app.notFound((c) => {
    const allowed = [...new Set(patterns.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method))];
    const error =
      allowed.length === 0
        ? notFound()
        : new FootnoteError("method_not_allowed", `This address only knows ${allowed.join(", ")}.`, {
            details: { allow: allowed.join(", ") },
          });
    return problemResponse(error, requestIdOf(c.req.raw));
  });
  app.onError((error, c) => {
    const requestId = requestIdOf(c.req.raw);
    const known = toFootnoteError(error);
    if (statusOf(known.code) >= 500)
      telemetry.logger.error({ requestId, method: c.req.method, route: routePath(c, -1), code: known.code }, "a request failed", error);
    return problemResponse(known, requestId);
  });

  return { app, routes: router.routes, drain: (options) => drain.start(options) };
}
