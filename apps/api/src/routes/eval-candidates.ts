import type { CollectionId } from "@footnote/core";
import { candidateCase } from "@footnote/evaluation";
import { evalCandidateQuerySchema, evalCandidateSchema, pageQuerySchema, pageSchema } from "@footnote/sdk";
import type { RatedDownAnswer } from "@footnote/storage";
import type { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { page } from "../page.ts";
import { findCollection } from "../pipelines-in-use.ts";
import { json, type Router, scoped } from "../route.ts";
import { toPage } from "../wire.ts";

/** Answers that people rated down, as questions for a dataset. They show what others asked: for administrators of the tenant. */
export function addCandidateRoutes(router: Router, { store }: ApiDependencies): void {
  router.add({
    method: "get",
    path: "/v1/evals/candidates",
    tag: "Evaluations",
    summary: "List answers that were rated down, as cases to be reviewed",
    description: "The newest answer first. A dataset refuses a case whose reviewed is false.",
    guard: scoped("admin"),
    query: pageQuerySchema.extend(evalCandidateQuerySchema.shape),
    replies: { 200: { description: "A page of candidates", schema: pageSchema(evalCandidateSchema) } },
    async handler({ principal, query }) {
      let collections: readonly CollectionId[] | null = principal.collections;
      if (query.collection !== undefined) collections = [(await findCollection(store, principal, query.collection)).id];
      const found = await store.answers.listRatedDown(principal.tenantId, { collections, page: page(query) });
      return json(toPage(found, toCandidate));
    },
  });
}

function toCandidate({ id, ...rest }: RatedDownAnswer): z.input<typeof evalCandidateSchema> {
  const { origin, case: row } = candidateCase({ ...rest, answerId: id });
  return { reviewed: false, ...row, origin };
}
