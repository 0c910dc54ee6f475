import { searchRequestSchema, searchResponseSchema } from "@footnote/sdk";
import type { CollectionWarnings } from "../collection-warnings.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { findCollection, pipelineFor } from "../pipelines-in-use.ts";
import { json, type Router, scoped } from "../route.ts";
import { type SearchService, toFilter } from "../search-service.ts";

/** A search takes tens of milliseconds; what has not ended by then is given up. */
const timeoutMs = 30_000;

export function addSearchRoutes(router: Router, deps: ApiDependencies, service: SearchService, warnings: CollectionWarnings): void {
  const { store, telemetry } = deps;
  router.add({
    method: "post",
    path: "/v1/search",
    tag: "Ask",
    summary: "Find chunks by words and meaning",
    description: "Hybrid search without a language model. Filter and principals are applied before the best are chosen.",
    guard: scoped("read"),
    body: searchRequestSchema,
    replies: { 200: { description: "Hits, best first", schema: searchResponseSchema } },
    async handler({ principal, body, requestId, signal }) {
      const { tenantId } = principal;
      const collection = await findCollection(store, principal, body.collection);
      const spec = await pipelineFor(deps, { tenantId, collection, name: body.pipeline });
      const { result, usage } = await service.search({
        tenantId,
        collection,
        spec,
        query: body.query,
        limit: body.limit,
        filter: toFilter(body.filter),
        principals: body.principals,
        requestId,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      store.usage
        .record(tenantId, usage)
        .catch((error: unknown) =>
          telemetry.logger.error({ requestId, tenant: tenantId }, "the usage of a search was not recorded", error),
        );
      const { hits, timings, degraded } = result;
      // A search that found its hits is not lost for a note beside them.
      const noted = await warnings.recent(tenantId, collection).catch(() => []);
      return json({ hits, timings, degraded, pipeline: spec.name, ...(noted.length === 0 ? {} : { warnings: noted }) });
    },
  });
}
