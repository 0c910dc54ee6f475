import { createUsageMeter } from "@footnote/core";
import { searchRequestSchema, searchResponseSchema } from "@footnote/sdk";
import { usageEntries } from "@footnote/tenancy";
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
      const meter = createUsageMeter();
      const search = service.search({
        tenantId,
        collection,
        spec,
        query: body.query,
        limit: body.limit,
        filter: toFilter(body.filter),
        principals: body.principals,
        meter,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      const { hits, timings, degraded, trace } = await search.finally(() => {
        store.usage
          .record(tenantId, usageEntries({ requestId, kind: "search", used: meter.used() }))
          .catch((error: unknown) =>
            telemetry.logger.error({ requestId, tenant: tenantId }, "the usage of a search was not recorded", error),
          );
      });
      // A search that found its hits is not lost for a note beside them.
      const noted = await warnings.recent(tenantId, collection).catch(() => []);
      const { corrections } = trace ?? {};
      return json({
        hits,
        timings,
        degraded,
        pipeline: spec.name,
        ...(corrections ? { corrections } : {}),
        ...(noted.length === 0 ? {} : { warnings: noted }),
      });
    },
  });
}
