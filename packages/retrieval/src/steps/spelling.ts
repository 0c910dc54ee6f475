import { correctSpelling } from "../correct-spelling.ts";
import type { OptionalStep } from "../run-steps.ts";

export const spelling: OptionalStep = {
  name: "spelling",
  applies: ({ spec, parts }) => spec.spelling === "corrected" && parts.isWord !== undefined && spec.candidates.lexical > 0,
  deadline: { what: "correction of the spelling", timeout: "legMs" },
  fallback: "the question as it was asked",
  async run({ parts, query, scope, analyzer }, signal) {
    const { lexical, chunks, isWord = () => true } = parts;
    const corrected = await correctSpelling({ query, scope, analyzer, lexical, chunks, isWord, signal });
    return { ...corrected, queries: [corrected.query] };
  },
};
