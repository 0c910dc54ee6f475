import type { Analysis } from "../analysis.ts";

/** What contradicts a claim, or what it says that its evidence does not; the reason is in words for people. */
export interface Conflict {
  kind: "number" | "unit" | "bound" | "name" | "negation" | "opposite" | "place";
  reason: string;
}

export interface ConflictInput {
  claim: Analysis;
  /** The sentences that the claim rests on, best first. */
  bearing: readonly Analysis[];
  /** Everything it may rest on. */
  all: readonly Analysis[];
  question: Analysis | null;
}
