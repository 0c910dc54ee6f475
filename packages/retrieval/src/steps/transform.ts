import { FootnoteError } from "@footnote/core";
import type { OptionalStep } from "../run-steps.ts";
import { transformQuery } from "../transform-query.ts";

export const transform: OptionalStep = {
  name: "transform",
  applies: ({ spec }) => spec.transform.type !== "none",
  deadline: { what: "query transform", timeout: "transformMs" },
  fallback: "the question as it was asked",
  async run({ parts, tenantId, query, spec, meter }, signal) {
    if (spec.transform.type === "none") return {};
    const model = parts.modelNamed?.(tenantId, spec.transform.model);
    if (!model) {
      throw new FootnoteError(
        "configuration_invalid",
        `No model named ${spec.transform.model} is configured; set it up or choose another pipeline.`,
      );
    }
    return await transformQuery({ query, spec: spec.transform, model, meter: meter.callsOf("transform", model), signal });
  },
};
