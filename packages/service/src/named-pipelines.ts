import { FootnoteError, indexHash, type PipelineSpec, type TenantId } from "@footnote/core";
import { pipelines as shipped } from "@footnote/retrieval";
import type { CollectionRecord } from "@footnote/storage";
import type { ServiceContext } from "./service-context.ts";

type Sources = Pick<ServiceContext, "store" | "pipelines">;

const shippedByName: ReadonlyMap<string, PipelineSpec> = new Map(Object.entries(shipped));

/** Names in the error about a name that is unknown. */
const mostNamed = 20;

/** The pipelines that a tenant can name: those of the server first, then its own. */
export async function pipelinesOf(sources: Sources, tenantId: TenantId): Promise<{ spec: PipelineSpec; shipped: boolean }[]> {
  const { store, pipelines = [] } = sources;
  const own = (await store.pipelines.list(tenantId)).filter(({ spec }) => !shippedByName.has(spec.name));
  const taken = new Set([...shippedByName.keys(), ...own.map(({ spec }) => spec.name)]);
  const offered = [...shippedByName.values(), ...pipelines.filter(({ name }) => !taken.has(name))];
  return [...offered.map((spec) => ({ spec, shipped: true })), ...own.map(({ spec }) => ({ spec, shipped: false }))];
}

/**
 * A pipeline by name: a shipped one, or the tenant's newest of that name, or one that is offered. A name that the server began to offer
 * after the tenant had taken it stays the tenant's. Throws `pipeline_unknown`.
 */
export async function findPipeline(sources: Sources, tenantId: TenantId, name: string): Promise<PipelineSpec> {
  const { store, pipelines = [] } = sources;
  const found =
    shippedByName.get(name) ??
    newest((await store.pipelines.list(tenantId)).filter((pipeline) => pipeline.spec.name === name)) ??
    pipelines.find((spec) => spec.name === name);
  if (found) return found;
  const names = new Set((await pipelinesOf(sources, tenantId)).map(({ spec }) => spec.name));
  const shown = [...names].slice(0, mostNamed);
  const more = names.size > shown.length ? " and others that GET /v1/pipelines lists" : "";
  throw new FootnoteError("pipeline_unknown", `There is no pipeline of this name; known are ${shown.join(", ")}${more}.`);
}

function newest(found: readonly { spec: PipelineSpec }[]): PipelineSpec | undefined {
  return found.toSorted((a, b) => b.spec.version - a.spec.version)[0]?.spec;
}

/** The pipeline of a request over a collection: its own, or the named one where both index alike; otherwise `pipeline_incompatible`. */
export async function pipelineFor(
  sources: Sources,
  request: { tenantId: TenantId; collection: CollectionRecord; name: string | undefined },
): Promise<PipelineSpec> {
  const { tenantId, collection, name } = request;
  const own = collection.settings.pipeline;
  if (name === undefined || name === own.name) return own;
  const named = await findPipeline(sources, tenantId, name);
  if (indexHash(named) === indexHash(own)) return named;
  throw new FootnoteError(
    "pipeline_incompatible",
    "The collection is indexed in another way than this pipeline needs; choose one with the same indexHash, or make a collection for it.",
  );
}
