import type { Conflict, ConflictInput } from "./conflict.ts";
import { nameConflict } from "./name-conflict.ts";
import { negationConflict } from "./negation-conflict.ts";
import { numberConflict } from "./number-conflict.ts";
import { oppositeConflict } from "./opposite-conflict.ts";
import { unitWordConflict } from "./unit-word-conflict.ts";

/**
 * Compares strictly what a paraphrase may not change: numbers with their units and bounds, names and dates, denials, and words that exclude each
 * other. Null where nothing was found.
 */
export function findConflict(input: ConflictInput): Conflict | null {
  return numberConflict(input) ?? unitWordConflict(input) ?? nameConflict(input) ?? negationConflict(input) ?? oppositeConflict(input);
}
