import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ragasMetricListSchema, ragasProblemSchema, ragasReadinessSchema, ragasResultsSchema, ragasSampleSchema } from "./ragas-wire.ts";

const jsonSchema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  anyOf: z.array(z.unknown()).optional(),
  enum: z.array(z.string()).optional(),
  const: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  propertyNames: z.unknown().optional(),
  additionalProperties: z.unknown().optional(),
});
const openapi = z
  .object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "../../../../services/ragas/openapi.json"), "utf8")));

/** A schema without titles, bounds and order: what fields there are and what they hold. */
function shape(given: unknown): unknown {
  const schema = jsonSchema.parse(given);
  if (schema.$ref !== undefined) return shape(openapi.components.schemas[schema.$ref.split("/").at(-1) ?? ""]);
  if (Array.isArray(schema.type)) return shape({ anyOf: schema.type.map((type) => ({ ...schema, type })) });
  if (schema.type === "null") return "null";
  if (schema.anyOf) return [...new Set(schema.anyOf.map((one) => JSON.stringify(shape(one))))].sort();
  if (schema.const !== undefined) return { enum: [schema.const] };
  if (schema.enum) return { enum: schema.enum.toSorted() };
  if (schema.properties) {
    // A field with a default may be left out by who sends and never is by who answers; null stands for absence in both.
    return Object.fromEntries(
      Object.entries(schema.properties)
        .map(([name, value]): [string, unknown] => [name, shape(value)])
        .toSorted(([a], [b]) => a.localeCompare(b)),
    );
  }
  if (schema.items !== undefined) return { items: shape(schema.items) };
  if (schema.propertyNames !== undefined) return { names: shape(schema.propertyNames), values: shape(schema.additionalProperties) };
  return schema.type;
}

describe("the client's shapes", () => {
  it.each([
    ["Sample", ragasSampleSchema],
    ["ScoreResponse", ragasResultsSchema],
    ["MetricList", ragasMetricListSchema],
    ["Readiness", ragasReadinessSchema],
    ["Problem", ragasProblemSchema],
  ])("are those of %s in the sidecar's openapi.json", (name, schema) => {
    const theirs = shape(openapi.components.schemas[name]);
    expect(theirs).toBeTypeOf("object");
    expect(shape(z.toJSONSchema(schema, { io: "input" }))).toEqual(theirs);
  });

  it("are told apart by the comparison", () => {
    const other = ragasSampleSchema.extend({ answer: z.string() });
    expect(shape(z.toJSONSchema(other, { io: "input" }))).not.toEqual(shape(openapi.components.schemas["Sample"]));
    const narrower = ragasSampleSchema.extend({ response: z.string() });
    expect(shape(z.toJSONSchema(narrower, { io: "input" }))).not.toEqual(shape(openapi.components.schemas["Sample"]));
  });
});
