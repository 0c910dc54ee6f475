import { FootnoteError, isId } from "@footnote/core";
import { pipelines } from "@footnote/retrieval";
import { collectionNameSchema, collectionSchema, pageQuerySchema, pageSchema, pipelineSchema, putCollectionSchema } from "@footnote/sdk";
import type { CollectionSettings } from "@footnote/storage";
import { maySeeCollection } from "@footnote/tenancy";
import type { CollectionWarnings } from "../collection-warnings.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { findCollection, findPipeline, listPipelines } from "../pipelines-in-use.ts";
import { json, notFound, type Router, scoped } from "../route.ts";
import { page } from "../page.ts";
import { validate } from "../request-body.ts";
import { toCollection, toPage, toPipeline } from "../wire.ts";

export function addCollectionRoutes(router: Router, deps: ApiDependencies, warnings: CollectionWarnings): void {
  const { store } = deps;
  router.add({
    method: "put",
    path: "/v1/collections/{collection}",
    tag: "Collections",
    summary: "Create a collection or change its settings",
    guard: scoped("ingest"),
    body: putCollectionSchema,
    replies: { 200: { description: "Changed", schema: collectionSchema }, 201: { description: "Created", schema: collectionSchema } },
    async handler({ principal, body, param, audit }) {
      const { tenantId } = principal;
      if (!isId("collection", param("collection"))) validate(collectionNameSchema, param("collection"), "The collection's name");
      const existing = await store.collections.get(tenantId, param("collection"));
      if (
        existing ? !maySeeCollection(principal, existing.id) : principal.collections !== null || isId("collection", param("collection"))
      ) {
        throw existing || isId("collection", param("collection"))
          ? notFound()
          : new FootnoteError("forbidden", "This key is limited to named collections and cannot make new ones.");
      }
      const name = existing?.name ?? validate(collectionNameSchema, param("collection"), "The collection's name");
      const settings: CollectionSettings = {
        ...existing?.settings,
        pipeline:
          body.pipeline === undefined
            ? (existing?.settings.pipeline ?? pipelines.default)
            : await findPipeline(deps, tenantId, body.pipeline),
        ...(body.description === undefined ? {} : { description: body.description }),
        ...(body.retention === undefined ? {} : { retention: body.retention }),
      };
      const { collection, created } = await store.collections.put(tenantId, { name, settings, audit });
      const noted = await warnings.read(tenantId, [collection]);
      return json(toCollection(collection, noted.get(collection.id)), created ? 201 : 200);
    },
  });
  router.add({
    method: "get",
    path: "/v1/collections/{collection}",
    tag: "Collections",
    summary: "Read a collection",
    guard: scoped("read"),
    replies: { 200: { description: "The collection", schema: collectionSchema } },
    async handler({ principal, param }) {
      const collection = await findCollection(store, principal, param("collection"));
      const noted = await warnings.read(principal.tenantId, [collection]);
      return json(toCollection(collection, noted.get(collection.id)));
    },
  });
  router.add({
    method: "get",
    path: "/v1/collections",
    tag: "Collections",
    summary: "List collections",
    guard: scoped("read"),
    query: pageQuerySchema,
    replies: { 200: { description: "A page of collections", schema: pageSchema(collectionSchema) } },
    async handler({ principal, query }) {
      const only = principal.collections === null ? null : [...principal.collections];
      const listed = await store.collections.list(principal.tenantId, { ...page(query), only });
      const noted = await warnings.read(principal.tenantId, listed.data);
      return json(toPage(listed, (collection) => toCollection(collection, noted.get(collection.id))));
    },
  });
  router.add({
    method: "get",
    path: "/v1/pipelines",
    tag: "Collections",
    summary: "List the pipelines that collections and requests can name",
    guard: scoped("read"),
    replies: { 200: { description: "All pipelines, the shipped ones first", schema: pageSchema(pipelineSchema) } },
    async handler({ principal }) {
      const data = (await listPipelines(deps, principal.tenantId)).map(({ spec, shipped }) => toPipeline(spec, shipped));
      return json({ data, nextCursor: null });
    },
  });
}
