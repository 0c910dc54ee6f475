import { FootnoteError } from "@footnote/core";
import { defineVerb } from "../verb.ts";

const day = 86_400_000;
/** Nothing was used before; Postgres has no year 0. */
const firstYear = 2000;

/** What was used and what it cost; without times, in the last 30 days. */
export const readUsage = defineVerb({
  scope: "read",
  audits: [],
  async run({ store, clock }, { actor }, input: { from?: string | undefined; to?: string | undefined }) {
    const to = input.to === undefined ? new Date(clock.now()) : new Date(input.to);
    const from = input.from === undefined ? new Date(to.getTime() - 30 * day) : new Date(input.from);
    if (from.getUTCFullYear() < firstYear) {
      throw new FootnoteError("invalid_request", `The time range begins before ${firstYear}; choose a later one.`);
    }
    if (from >= to) throw new FootnoteError("invalid_request", "from must be before to.");
    return { from, to, sums: await store.usage.summary(actor.tenantId, { from, to }) };
  },
});
