import { OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import { problemSchema } from "@footnote/sdk";
import type { RouteInfo } from "./route.ts";
import { titleOf, statusOf } from "./problem.ts";
import type { ErrorCode } from "@footnote/core";

/** The OpenAPI 3.1 document of the routes, from the schemas that requests are validated with. */
export function describeRoutes(routes: readonly RouteInfo[]): object {
  // Only its registry is used: requests are served by createRouter.
  const described = new OpenAPIHono();
  described.openAPIRegistry.registerComponent("securitySchemes", "tenantKey", { type: "http", scheme: "bearer", description: "fn_live_…" });
  described.openAPIRegistry.registerComponent("securitySchemes", "operatorKey", { type: "http", scheme: "bearer", description: "fn_op_…" });
  for (const route of routes) described.openAPIRegistry.registerPath(toRouteConfig(route));
  return described.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Footnote",
      version: "0.1.0",
      description: "Questions over your documents; every sentence of an answer is footnoted to the exact characters of its source.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
  });
}

function toRouteConfig({ method, path, scope, definition }: RouteInfo): RouteConfig {
  const { query, body, rawBody, headers = {}, replies, creates } = definition;
  const params = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path" as const,
    required: true,
    schema: { type: "string" as const },
    description:
      name === "collection" ? "Its name or id" : name === "externalId" ? "The caller's own name for it, percent-encoded" : "An id",
  }));
  const headerParams = Object.entries({
    ...headers,
    ...(creates ? { "idempotency-key": "Makes a repeated request have one effect, for 24 hours" } : {}),
  }).map(([name, description]) => ({ name, in: "header" as const, required: false, schema: { type: "string" as const }, description }));
  const rawContent = Object.fromEntries(
    (rawBody ?? []).map(({ contentType, description }) => [
      contentType,
      contentType === "multipart/form-data"
        ? {
            schema: {
              type: "object" as const,
              required: ["file"],
              properties: {
                file: { type: "array" as const, items: { type: "string" as const, format: "binary" } },
                metadata: { type: "string" as const },
                access: { type: "string" as const },
              },
            },
          }
        : { schema: { description, ...(contentType === "application/json" ? {} : { type: "string" as const, format: "binary" }) } },
    ]),
  );
  return {
    method: methodOf(method),
    path,
    tags: [definition.tag],
    summary: definition.summary,
    operationId: operationIdOf(method, path),
    ...(definition.description === undefined ? {} : { description: definition.description }),
    security: scope === null ? [] : scope === "operator" ? [{ operatorKey: [] }] : [{ tenantKey: [] }],
    ...(scope === null ? {} : { "x-scope": scope }),
    parameters: [...params, ...headerParams],
    request: {
      ...(query ? { query: query as never } : {}),
      ...(body ? { body: { required: true, content: { "application/json": { schema: body } } } } : {}),
      ...(rawBody ? { body: { required: true, content: rawContent } } : {}),
    },
    responses: {
      ...Object.fromEntries(Object.entries(replies).map(([status, reply]) => [status, toReply(reply)])),
      ...problemReplies(
        problemsOf({
          scope,
          path,
          hasBody: body !== undefined || rawBody !== undefined,
          hasJson: body !== undefined,
          query: query !== undefined,
          creates,
        }),
      ),
    },
  };
}

function toReply({ description, schema, contentType }: RouteInfo["definition"]["replies"][number]) {
  if (schema) return { description, content: { [contentType ?? "application/json"]: { schema } } };
  if (contentType) return { description, content: { [contentType]: { schema: { type: "string" as const } } } };
  return { description };
}

function problemsOf(route: {
  scope: RouteInfo["scope"];
  path: string;
  hasBody: boolean;
  hasJson: boolean;
  query: boolean;
  creates: boolean;
}): ErrorCode[] {
  return [
    ...(route.scope === null ? [] : (["unauthorized", "forbidden", "invalid_request"] as const)),
    ...(route.path.includes("{") || route.hasJson ? (["not_found"] as const) : []),
    ...(route.hasBody ? (["payload_too_large", "unsupported_media_type", "pipeline_incompatible"] as const) : []),
    ...(route.creates ? (["idempotency_in_progress"] as const) : []),
    "internal",
    ...(route.scope === null ? [] : (["shutting_down"] as const)),
  ];
}

function problemReplies(codes: readonly ErrorCode[]) {
  return Object.fromEntries(
    codes.map((code) => [
      statusOf(code),
      { description: titleOf(code), content: { "application/problem+json": { schema: problemSchema } } },
    ]),
  );
}

function methodOf(method: string): "get" | "put" | "post" | "delete" {
  switch (method) {
    case "GET":
      return "get";
    case "PUT":
      return "put";
    case "POST":
      return "post";
    default:
      return "delete";
  }
}

function operationIdOf(method: string, path: string): string {
  const words = path.split("/").filter((word) => word !== "" && word !== "v1");
  return (
    method.toLowerCase() +
    words
      .map((word) => word.replace(/^\{(\w+)\}$/, "by-$1"))
      .map((word) => word.replaceAll(/(?:^|[^A-Za-z0-9])([A-Za-z0-9])/g, (_match, char: string) => char.toUpperCase()))
      .join("")
  );
}
