import { FootnoteError, maySeeCollection } from "@footnote/core";
import { caseHash, type EvalCase, readEvalCases, slicesOf } from "@footnote/evaluation";
import { evalDatasetNameSchema } from "@footnote/sdk";
import { findCollection } from "../find-collection.ts";
import { notFound } from "../not-found.ts";
import { requireStorable, validate } from "../validate.ts";
import { defineVerb } from "../verb.ts";

/** Cases of a dataset. */
export const mostCases = 5_000;
/** Each is summarised by itself, for every metric. */
const mostSlices = 200;

/** Stores questions about a collection; a dataset of the name is replaced as a whole. */
export const putDataset = defineVerb({
  scope: "ingest",
  audits: ["eval-dataset.create", "eval-dataset.update"],
  async run(
    context,
    { actor, by },
    input: {
      collection: string;
      name: string;
      /** The cases as JSON Lines. Called once collection and name are known to be the actor's. */
      read(): Promise<string>;
    },
  ) {
    const { evaluations } = context.store;
    const collection = await findCollection(context, actor, input.collection);
    const name = validate(evalDatasetNameSchema, input.name, "The dataset's name");
    const known = await evaluations.getDataset(actor.tenantId, name);
    if (known && !maySeeCollection(actor, known.collectionId)) throw notFound();
    const text = await input.read();
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
    return await evaluations.putDataset(actor.tenantId, { name, collectionId: collection.id, cases: cases.map(toStored), by });
  },
});

function toStored(one: EvalCase) {
  const documents = [...new Set(one.spans.map(({ document }) => document))];
  return { id: one.id, split: one.split, documents, sha256: caseHash(one), body: one };
}
