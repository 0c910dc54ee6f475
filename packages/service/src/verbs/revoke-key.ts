import type { KeyId } from "@footnote/core";
import { notFound } from "../not-found.ts";
import { requireUnlimited } from "../require-unlimited.ts";
import { defineVerb } from "../verb.ts";

/** Revokes a key: at once in this process, within five seconds in others. */
export const revokeKey = defineVerb({
  scope: "admin",
  audits: ["key.revoke"],
  async run({ store, forgetKey }, { actor, by }, input: { keyId: KeyId }) {
    requireUnlimited(actor);
    const record = await store.keys.revoke(actor.tenantId, input.keyId, by);
    if (!record) throw notFound();
    forgetKey(input.keyId);
    return record;
  },
});
