import type { Attribution } from "@footnote/core";

/** Who makes the changes that a test prepares. */
export const testBy: Attribution = { actor: { type: "system", id: "test" } };
