import { wordMatch } from "../coverage.ts";
import { areOpposed } from "../polarity.ts";
import type { Conflict, ConflictInput } from "./conflict.ts";
import { nearness } from "./nearness.ts";

/** From here on two words stand in the same place of what is said. */
const alike = 0.5;

/** A word whose opposite stands in its place in the evidence. */
export function oppositeConflict({ claim, bearing }: ConflictInput): Conflict | null {
  for (const [at, word] of claim.words.entries()) {
    if (
      word.isNumber ||
      bearing.some(({ words }) => words.some((other) => other.lower === word.lower || (!word.isStop && wordMatch(word, other) > 0)))
    )
      continue;
    for (const sentence of bearing) {
      for (const [place, other] of sentence.words.entries()) {
        if (!areOpposed(word, other) || claim.negated[at] !== sentence.negated[place]) continue;
        if (claim.words.some(({ stem }) => stem === other.stem)) continue;
        const ignored = new Set([word.lower, other.lower]);
        const here = { from: at, to: at + 1 };
        if (nearness({ claim, place: here, sentence, other: { from: place, to: place + 1 }, ignored }) < alike) continue;
        return { kind: "opposite", reason: `the evidence says "${other.text}", the claim "${word.text}"` };
      }
    }
  }
  return null;
}
