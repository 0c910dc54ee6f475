import { FootnoteError } from "@footnote/core";
import {
  acceptedEvalRunSchema,
  createEvalRunSchema,
  evalCandidateQuerySchema,
  evalCandidateSchema,
  evalCaseSchema,
  evalDatasetSchema,
  evalResultQuerySchema,
  evalResultSchema,
  evalRunQuerySchema,
  evalRunSchema,
  pageQuerySchema,
  pageSchema,
} from "@footnote/sdk";
import { mostCases, type Service } from "@footnote/service";
import { toCandidate, toDataset, toJob, toPage, toResult, toRun } from "@footnote/service/wire";
import { z } from "zod";
import { decodeUtf8, mediaTypeOf } from "../request-body.ts";
import { json, type Router } from "../route.ts";

const jsonLines = "application/x-ndjson";

/** Datasets of a tenant and runs over them. */
export function addEvaluationRoutes(router: Router, service: Service): void {
  router.add({
    method: "put",
    path: "/v1/collections/{collection}/datasets/{dataset}",
    tag: "Evaluations",
    summary: "Store questions about a collection",
    description: `JSON Lines, one case a line, at most ${mostCases.toLocaleString("en")}; what a case holds stands under EvalCase. Replaces the dataset of that name as a whole; 409 while a run over it is under way.`,
    verb: service.putDataset,
    rawBody: [{ contentType: jsonLines, description: "One case a line" }],
    replies: { 200: { description: "Replaced", schema: evalDatasetSchema }, 201: { description: "Created", schema: evalDatasetSchema } },
    async handler({ run, request, param, readBody }) {
      const { dataset, created } = await run({
        collection: param("collection"),
        name: param("dataset"),
        async read() {
          if (mediaTypeOf(request) !== jsonLines) {
            throw new FootnoteError("unsupported_media_type", `The body must be JSON Lines: send content-type: ${jsonLines}.`);
          }
          return decodeUtf8(await readBody(), "The body");
        },
      });
      return json(toDataset(dataset), created ? 201 : 200);
    },
  });
  router.add({
    method: "get",
    path: "/v1/evals/datasets",
    tag: "Evaluations",
    summary: "List datasets, the newest first",
    verb: service.listDatasets,
    query: pageQuerySchema,
    replies: { 200: { description: "A page of datasets", schema: pageSchema(evalDatasetSchema) } },
    handler: async ({ run, query }) => json(toPage(await run(query), toDataset)),
  });
  router.add({
    method: "get",
    path: "/v1/evals/datasets/{dataset}",
    tag: "Evaluations",
    summary: "Read a dataset with its cases",
    verb: service.readDataset,
    replies: { 200: { description: "The dataset", schema: evalDatasetSchema.extend({ cases: z.array(evalCaseSchema) }) } },
    async handler({ run, param }) {
      const { dataset, cases } = await run({ name: param("dataset") });
      return json({ ...toDataset(dataset), cases });
    },
  });
  router.add({
    method: "delete",
    path: "/v1/evals/datasets/{dataset}",
    tag: "Evaluations",
    summary: "Delete a dataset; runs over it stay",
    verb: service.deleteDataset,
    replies: { 204: { description: "Deleted" } },
    async handler({ run, param }) {
      await run({ name: param("dataset") });
      return new Response(null, { status: 204 });
    },
  });
  router.add({
    method: "get",
    path: "/v1/evals/candidates",
    tag: "Evaluations",
    summary: "List answers that were rated down, as cases to be reviewed",
    description: "The newest answer first. A dataset refuses a case whose reviewed is false.",
    verb: service.listCandidates,
    query: pageQuerySchema.extend(evalCandidateQuerySchema.shape),
    replies: { 200: { description: "A page of candidates", schema: pageSchema(evalCandidateSchema) } },
    handler: async ({ run, query }) => json(toPage(await run(query), toCandidate)),
  });

  router.add({
    method: "post",
    path: "/v1/evals/runs",
    tag: "Evaluations",
    summary: "Ask the questions of a dataset and score the answers",
    description:
      "A job asks them one after another, as somebody without principals: documents with an access list are not seen. Cancelled or failed, its retry goes on where it stood.",
    verb: service.startEvaluation,
    body: createEvalRunSchema,
    replies: { 202: { description: "Begun", schema: acceptedEvalRunSchema } },
    creates: {},
    async handler(call) {
      const { run, job } = await call.run(call.body);
      return json({ run: toRun(run), job: toJob(job) }, 202);
    },
  });
  router.add({
    method: "get",
    path: "/v1/evals/runs",
    tag: "Evaluations",
    summary: "List runs, the newest first",
    verb: service.listRuns,
    query: pageQuerySchema.extend(evalRunQuerySchema.shape),
    replies: { 200: { description: "A page of runs", schema: pageSchema(evalRunSchema) } },
    handler: async ({ run, query }) => json(toPage(await run(query), toRun)),
  });
  router.add({
    method: "get",
    path: "/v1/evals/runs/{id}",
    tag: "Evaluations",
    summary: "Read a run",
    verb: service.readRun,
    replies: { 200: { description: "The run", schema: evalRunSchema } },
    handler: async ({ run, id }) => json(toRun(await run({ runId: id("run") }))),
  });
  router.add({
    method: "delete",
    path: "/v1/evals/runs/{id}",
    tag: "Evaluations",
    summary: "Delete a run with its results",
    description: "409 while its job is under way.",
    verb: service.deleteRun,
    replies: { 204: { description: "Deleted" } },
    async handler({ run, id }) {
      await run({ runId: id("run") });
      return new Response(null, { status: 204 });
    },
  });
  router.add({
    method: "get",
    path: "/v1/evals/runs/{id}/results",
    tag: "Evaluations",
    summary: "List what a run gave for each question",
    verb: service.listResults,
    query: pageQuerySchema.extend(evalResultQuerySchema.shape),
    replies: { 200: { description: "A page of results, in the dataset's order", schema: pageSchema(evalResultSchema) } },
    handler: async ({ run, query, id }) => json(toPage(await run({ ...query, runId: id("run") }), toResult)),
  });
}
