import type { Attribution } from "@footnote/core";

/** Who makes the tenants and documents that are measured. */
export const byLaboratory: Attribution = { actor: { type: "system", id: "laboratory" } };
