import { namesUnit, unitOf } from "../units.ts";
import type { Conflict, ConflictInput } from "./conflict.ts";

/** `on the weeks of departure` for `on the days of departure`: a unit without a number that only the claim names, where the evidence names another. */
export function unitWordConflict({ claim, bearing, all }: ConflictInput): Conflict | null {
  for (const at of claim.content) {
    const word = claim.words[at];
    const unit = word === undefined ? null : unitOf(word);
    if (word === undefined || unit === null || all.some(({ text, words }) => namesUnit(unit, text, words))) continue;
    const other = bearing[0]?.words.find((candidate) => {
      const said = unitOf(candidate);
      return said !== null && said.name !== unit.name && !namesUnit(said, claim.text, claim.words);
    });
    if (other !== undefined) return { kind: "unit", reason: `the evidence says "${other.text}", the claim "${word.text}"` };
  }
  return null;
}
