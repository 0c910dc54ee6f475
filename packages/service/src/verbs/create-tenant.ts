import { createTenantSchema } from "@footnote/sdk";
import { validate } from "../validate.ts";
import { defineOperatorVerb } from "../verb.ts";

export const createTenant = defineOperatorVerb({
  audits: ["tenant.create"],
  async run({ store }, { by }, input: { name: string }) {
    const { name } = validate(createTenantSchema, input, "The tenant");
    return await store.routing.createTenant({ name, by });
  },
});
