import { type CollectionId, FootnoteError, pipelineHash, type RunId } from "@footnote/core";
import { caseHash, type EvalCase, readEvalCases, slicesOf } from "@footnote/evaluation";
import {
  acceptedEvalRunSchema,
  createEvalRunSchema,
  evalCaseSchema,
  evalDatasetNameSchema,
  evalDatasetSchema,
  evalResultQuerySchema,
  evalResultSchema,
  evalRunQuerySchema,
  evalRunSchema,
  pageQuerySchema,
  pageSchema,
} from "@footnote/sdk";
import type { EvalDatasetRecord, EvalRunRecord } from "@footnote/storage";
import { maySeeCollection, type TenantPrincipal } from "@footnote/tenancy";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { page } from "../page.ts";
import { findCollection, pipelineFor } from "../pipelines-in-use.ts";
import { decodeUtf8, mediaTypeOf, requireStorable, validate } from "../request-body.ts";
import { json, notFound, type Router, scoped } from "../route.ts";
import { toJob, toPage } from "../wire.ts";

const mostCases = 5_000;
/** Each is summarised by itself, for every metric. */
const mostSlices = 200;
const jsonLines = "application/x-ndjson";

/** Datasets of a tenant and runs over them. The questions are asked by a job, through the routes that people ask through. */
export function addEvaluationRoutes(router: Router, deps: ApiDependencies): void {
  const { store, queue } = deps;
  const { evaluations } = store;
  const only = ({ collections }: TenantPrincipal): readonly CollectionId[] | null => collections;

  async function findDataset(principal: TenantPrincipal, name: string): Promise<EvalDatasetRecord> {
    const dataset = evalDatasetNameSchema.safeParse(name).success ? await evaluations.getDataset(principal.tenantId, name) : null;
    if (!dataset || !maySeeCollection(principal, dataset.collectionId)) throw notFound();
    return dataset;
  }
  async function findRun(principal: TenantPrincipal, id: RunId): Promise<EvalRunRecord> {
    const run = await evaluations.getRun(principal.tenantId, id);
    if (!run || !maySeeCollection(principal, run.collectionId)) throw notFound();
    return run;
  }

  router.add({
    method: "put",
    path: "/v1/collections/{collection}/datasets/{dataset}",
    tag: "Evaluations",
    summary: "Store questions about a collection",
    description: `JSON Lines, one case a line, at most ${mostCases.toLocaleString("en")}; what a case holds stands under EvalCase. Replaces the dataset of that name as a whole; 409 while a run over it is under way.`,
    guard: scoped("ingest"),
    rawBody: [{ contentType: jsonLines, description: "One case a line" }],
    replies: { 200: { description: "Replaced", schema: evalDatasetSchema }, 201: { description: "Created", schema: evalDatasetSchema } },
    async handler({ principal, request, param, audit, readBody }) {
      const collection = await findCollection(store, principal, param("collection"));
      if (mediaTypeOf(request) !== jsonLines) {
        throw new FootnoteError("unsupported_media_type", `The body must be JSON Lines: send content-type: ${jsonLines}.`);
      }
      const name = validate(evalDatasetNameSchema, param("dataset"), "The dataset's name");
      const known = await evaluations.getDataset(principal.tenantId, name);
      if (known && !maySeeCollection(principal, known.collectionId)) throw notFound();
      const text = decodeUtf8(await readBody(deps.environment.FOOTNOTE_MAX_UPLOAD_BYTES), "The body");
      requireStorable(text, "The body");
      const cases = readEvalCases(text, "the body");
      if (cases.length === 0 || cases.length > mostCases) {
        throw new FootnoteError("invalid_request", `A dataset has 1 to ${mostCases} cases, this one ${cases.length}; cut it.`);
      }
      const slices = new Set(cases.flatMap((one) => slicesOf({ case: one }))).size;
      if (slices > mostSlices) {
        throw new FootnoteError(
          "invalid_request",
          `A dataset has at most ${mostSlices} different tags and languages, this one ${slices}; merge some.`,
        );
      }
      const { dataset, created } = await evaluations.putDataset(principal.tenantId, {
        name,
        collectionId: collection.id,
        cases: cases.map(toStored),
        audit,
      });
      return json(toDataset(dataset), created ? 201 : 200);
    },
  });
  router.add({
    method: "get",
    path: "/v1/evals/datasets",
    tag: "Evaluations",
    summary: "List datasets, the newest first",
    guard: scoped("read"),
    query: pageQuerySchema,
    replies: { 200: { description: "A page of datasets", schema: pageSchema(evalDatasetSchema) } },
    handler: async ({ principal, query }) =>
      json(toPage(await evaluations.listDatasets(principal.tenantId, { ...page(query), only: only(principal) }), toDataset)),
  });
  router.add({
    method: "get",
    path: "/v1/evals/datasets/{dataset}",
    tag: "Evaluations",
    summary: "Read a dataset with its cases",
    guard: scoped("read"),
    replies: { 200: { description: "The dataset", schema: evalDatasetSchema.extend({ cases: z.array(evalCaseSchema) }) } },
    async handler({ principal, param }) {
      const dataset = await findDataset(principal, param("dataset"));
      const splits = ["train", "test"].map((split) => evaluations.cases(principal.tenantId, dataset.name, { split }));
      return json({ ...toDataset(dataset), cases: (await Promise.all(splits)).flat() });
    },
  });
  router.add({
    method: "delete",
    path: "/v1/evals/datasets/{dataset}",
    tag: "Evaluations",
    summary: "Delete a dataset; runs over it stay",
    guard: scoped("ingest"),
    replies: { 204: { description: "Deleted" } },
    async handler({ principal, param, audit }) {
      const dataset = await findDataset(principal, param("dataset"));
      if (!(await evaluations.deleteDataset(principal.tenantId, dataset.name, audit))) throw notFound();
      return new Response(null, { status: 204 });
    },
  });

  router.add({
    method: "post",
    path: "/v1/evals/runs",
    tag: "Evaluations",
    summary: "Ask the questions of a dataset and score the answers",
    description:
      "A job asks them one after another, as somebody without principals: documents with an access list are not seen. Cancelled or failed, its retry goes on where it stood.",
    guard: scoped("ask"),
    body: createEvalRunSchema,
    replies: { 202: { description: "Begun", schema: acceptedEvalRunSchema } },
    creates: {},
    async handler({ principal, body, audit }) {
      const { tenantId } = principal;
      const dataset = await findDataset(principal, body.dataset);
      const collection = await store.collections.get(tenantId, dataset.collectionId);
      if (!collection) throw notFound();
      const spec = await pipelineFor(deps, { tenantId, collection, name: body.pipeline });
      const { run, job } = await evaluations.createRun(tenantId, {
        dataset: dataset.name,
        split: body.split,
        pipeline: spec.name,
        pipelineHash: pipelineHash(spec),
        keyId: principal.keyId,
        audit,
      });
      queue.wake();
      return json({ run: toRun(run), job: toJob(job) }, 202);
    },
  });
  router.add({
    method: "get",
    path: "/v1/evals/runs",
    tag: "Evaluations",
    summary: "List runs, the newest first",
    guard: scoped("read"),
    query: pageQuerySchema.extend(evalRunQuerySchema.shape),
    replies: { 200: { description: "A page of runs", schema: pageSchema(evalRunSchema) } },
    async handler({ principal, query }) {
      const { dataset } = query;
      const request = { ...page(query), only: only(principal), ...(dataset === undefined ? {} : { dataset }) };
      return json(toPage(await evaluations.listRuns(principal.tenantId, request), toRun));
    },
  });
  router.add({
    method: "get",
    path: "/v1/evals/runs/{id}",
    tag: "Evaluations",
    summary: "Read a run",
    guard: scoped("read"),
    replies: { 200: { description: "The run", schema: evalRunSchema } },
    handler: async ({ principal, id }) => json(toRun(await findRun(principal, id("run")))),
  });
  router.add({
    method: "delete",
    path: "/v1/evals/runs/{id}",
    tag: "Evaluations",
    summary: "Delete a run with its results",
    description: "409 while its job is under way.",
    guard: scoped("ask"),
    replies: { 204: { description: "Deleted" } },
    async handler({ principal, id, audit }) {
      const run = await findRun(principal, id("run"));
      if (!(await evaluations.deleteRun(principal.tenantId, run.id, audit))) throw notFound();
      return new Response(null, { status: 204 });
    },
  });
  router.add({
    method: "get",
    path: "/v1/evals/runs/{id}/results",
    tag: "Evaluations",
    summary: "List what a run gave for each question",
    guard: scoped("read"),
    query: pageQuerySchema.extend(evalResultQuerySchema.shape),
    replies: { 200: { description: "A page of results, in the dataset's order", schema: pageSchema(evalResultSchema) } },
    async handler({ principal, query, id }) {
      const run = await findRun(principal, id("run"));
      const { tag, metric, below } = query;
      if (below !== undefined && metric === undefined) {
        throw new FootnoteError("invalid_request", "The query has below without metric; name the metric.");
      }
      const results = await evaluations.listResults(principal.tenantId, run.id, {
        ...page(query),
        ...(tag === undefined ? {} : { tag }),
        ...(metric === undefined ? {} : { metric }),
        ...(below === undefined ? {} : { below }),
      });
      return json(toPage(results, ({ body, metrics }) => ({ ...body, metrics })));
    },
  });
}

function toStored(one: EvalCase) {
  const documents = [...new Set(one.spans.map(({ document }) => document))];
  return { id: one.id, split: one.split, documents, sha256: caseHash(one), body: one };
}

function toDataset({ name, collectionId, sha256, caseCount, createdAt, updatedAt }: EvalDatasetRecord): z.input<typeof evalDatasetSchema> {
  return { name, collectionId, sha256, caseCount, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

const documentsChangedWarning =
  "The documents were changed while the questions were asked: some answers are from before, some from after; begin a new run for one state of them.";

function toRun({ error, keyId: _keyId, documentsChanged, createdAt, finishedAt, ...run }: EvalRunRecord): z.input<typeof evalRunSchema> {
  return {
    ...run,
    ...(error ? { error } : {}),
    ...(documentsChanged ? { warnings: [documentsChangedWarning] } : {}),
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}
