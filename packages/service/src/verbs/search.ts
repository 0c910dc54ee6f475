import { createUsageMeter, type SearchResult } from "@footnote/core";
import { type SearchRequest, searchRequestSchema } from "@footnote/sdk";
import { findCollection } from "../find-collection.ts";
import { recordUsage } from "../record-usage.ts";
import { pipelineFor } from "../named-pipelines.ts";
import { validate } from "../validate.ts";
import { defineVerb } from "../verb.ts";
import { visibility } from "../visibility.ts";

/** A search takes tens of milliseconds; what has not ended by then is given up. */
const timeoutMs = 30_000;

export interface SearchOutcome extends SearchResult {
  pipeline: string;
  /** What limits the collection that was searched. */
  warnings: readonly string[];
}

/** Finds chunks by words and meaning, without a language model. */
export const search = defineVerb({
  scope: "read",
  audits: [],
  async run(context, call, input: SearchRequest): Promise<SearchOutcome> {
    const { tenantId } = call.actor;
    const { query, limit, filter, principals, ...named } = validate(searchRequestSchema, input, "The search");
    const collection = await findCollection(context, call.actor, named.collection);
    const spec = await pipelineFor(context, { tenantId, collection, name: named.pipeline });
    const meter = createUsageMeter();
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(timeoutMs)]);
    const result = await context.retriever
      .search({ tenantId, collectionId: collection.id, spec, query, limit, ...visibility({ filter, principals }), meter, signal })
      .finally(() => void recordUsage(context, call, { kind: "search", meter }));
    // A search that found its hits is not lost for a note beside them.
    const warnings = await context.warnings.recent(tenantId, collection).catch(() => []);
    return { ...result, pipeline: spec.name, warnings };
  },
});
