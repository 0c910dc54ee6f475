import { collectionSchema, pageQuerySchema, pageSchema, pipelineSchema, putCollectionSchema } from "@footnote/sdk";
import type { Service } from "@footnote/service";
import { toCollection, toPage, toPipeline } from "@footnote/service/wire";
import { json, type Router } from "../route.ts";

export function addCollectionRoutes(router: Router, service: Service): void {
  router.add({
    method: "put",
    path: "/v1/collections/{collection}",
    tag: "Collections",
    summary: "Create a collection or change its settings",
    verb: service.putCollection,
    body: putCollectionSchema,
    replies: { 200: { description: "Changed", schema: collectionSchema }, 201: { description: "Created", schema: collectionSchema } },
    async handler({ run, body, param }) {
      const { collection, warnings, created } = await run({ ...body, collection: param("collection") });
      return json(toCollection(collection, warnings), created ? 201 : 200);
    },
  });
  router.add({
    method: "get",
    path: "/v1/collections/{collection}",
    tag: "Collections",
    summary: "Read a collection",
    verb: service.readCollection,
    replies: { 200: { description: "The collection", schema: collectionSchema } },
    async handler({ run, param }) {
      const { collection, warnings } = await run({ collection: param("collection") });
      return json(toCollection(collection, warnings));
    },
  });
  router.add({
    method: "get",
    path: "/v1/collections",
    tag: "Collections",
    summary: "List collections",
    verb: service.listCollections,
    query: pageQuerySchema,
    replies: { 200: { description: "A page of collections", schema: pageSchema(collectionSchema) } },
    handler: async ({ run, query }) => json(toPage(await run(query), ({ collection, warnings }) => toCollection(collection, warnings))),
  });
  router.add({
    method: "get",
    path: "/v1/pipelines",
    tag: "Collections",
    summary: "List the pipelines that collections and requests can name",
    verb: service.listPipelines,
    replies: { 200: { description: "All pipelines, the shipped ones first", schema: pageSchema(pipelineSchema) } },
    handler: async ({ run }) => json(toPage({ data: await run({}), nextCursor: null }, ({ spec, shipped }) => toPipeline(spec, shipped))),
  });
}
