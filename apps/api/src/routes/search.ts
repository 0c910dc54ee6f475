import { searchRequestSchema, searchResponseSchema } from "@footnote/sdk";
import type { Service } from "@footnote/service";
import { toSearchResponse } from "@footnote/service/wire";
import { json, type Router } from "../route.ts";

export function addSearchRoutes(router: Router, service: Service): void {
  router.add({
    method: "post",
    path: "/v1/search",
    tag: "Ask",
    summary: "Find chunks by words and meaning",
    description: "Hybrid search without a language model. Filter and principals are applied before the best are chosen.",
    verb: service.search,
    body: searchRequestSchema,
    replies: { 200: { description: "Hits, best first", schema: searchResponseSchema } },
    handler: async ({ run, body }) => json(toSearchResponse(await run(body))),
  });
}
