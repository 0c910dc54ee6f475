import type { Analysis } from "../analysis.ts";
import { coverageOf } from "../coverage.ts";
import { isSameAmount, type Quantity } from "../quantities.ts";
import { namesUnit } from "../units.ts";
import type { Conflict, ConflictInput } from "./conflict.ts";
import { isNearer, nearlyAll } from "./nearness.ts";

/** A number of the evidence that is the claim's, and the sentence that holds it. */
interface Match {
  sentence: Analysis;
  other: Quantity;
}

/** A number of the claim that the evidence does not say, or not in this unit, with this bound or in this place. */
export function numberConflict(input: ConflictInput): Conflict | null {
  const { claim, all } = input;
  for (const quantity of claim.quantities) {
    const matches = matchesOf(quantity, all);
    const conflict =
      matches.length === 0
        ? missingNumber(input, quantity)
        : (missingUnit(quantity, matches, input) ?? otherBound(quantity, matches, claim) ?? otherPlace(quantity, matches, input));
    if (conflict !== null) return conflict;
  }
  return null;
}

function matchesOf(quantity: Quantity, all: readonly Analysis[]): Match[] {
  return all.flatMap((sentence) =>
    sentence.quantities.filter((other) => isSameAmount(quantity, other) === "same").map((other) => ({ sentence, other })),
  );
}

const said = ({ text }: Analysis, { start, end }: Quantity) => text.slice(start, end);

function missingNumber({ claim, all, question }: ConflictInput, quantity: Quantity): Conflict | null {
  if (all.some(({ quantities }) => quantities.some((other) => isSameAmount(quantity, other) === "other-unit"))) {
    return { kind: "unit", reason: `the evidence gives ${said(claim, quantity)} in another unit` };
  }
  // What the question itself says need not be said again, unless the evidence speaks of another of its kind.
  const isAsked = question?.quantities.some((asked) => isSameAmount(quantity, asked) === "same") === true;
  if (isAsked && !hasRival(claim, quantity, all)) return null;
  return { kind: "number", reason: `the evidence does not say ${said(claim, quantity)}` };
}

function missingUnit(quantity: Quantity, matches: readonly Match[], { claim, all }: ConflictInput): Conflict | null {
  const { unit } = quantity;
  if (unit === null || matches.some(({ other }) => other.unit !== null)) return null;
  if (all.some(({ text, words }) => namesUnit(unit, text, words))) return null;
  return { kind: "unit", reason: `the evidence does not give ${said(claim, quantity)} in this unit` };
}

function otherBound(quantity: Quantity, matches: readonly Match[], claim: Analysis): Conflict | null {
  const isOther = quantity.bound !== null && matches.every(({ other }) => other.bound !== null && other.bound !== quantity.bound);
  return isOther ? { kind: "bound", reason: `the evidence bounds ${said(claim, quantity)} from the other side` } : null;
}

/** A sentence that says all the rest with another number is a rival, even where this number is said elsewhere: there it may be of something else. */
function otherPlace(quantity: Quantity, matches: readonly Match[], { claim, all }: ConflictInput): Conflict | null {
  const holders = new Set(matches.map(({ sentence }) => sentence));
  for (const [at, sentence] of all.entries()) {
    if (coverageOf(without(claim, quantity), [sentence]) < nearlyAll) continue;
    for (const rival of sentence.quantities) {
      if (isSameAmount(quantity, rival) !== "other-value" || !isComparable(quantity, rival)) continue;
      if (isOfSomethingElse({ claim, all, at, sentence, rival, holders })) continue;
      if (matches.every((match) => isNearer({ claim, place: quantity, sentence, rival, own: match }))) {
        return { kind: "place", reason: `the evidence says another number than ${said(claim, quantity)} in this place` };
      }
    }
  }
  return null;
}

const isComparable = (a: Quantity, b: Quantity) => a.unit === null || b.unit === null || a.unit.dimension === b.unit.dimension;

const without = (analysis: Analysis, quantity: Quantity): Analysis => ({
  ...analysis,
  quantities: analysis.quantities.filter((other) => other !== quantity),
});

/** A sentence with no more words with content than this speaks of what the one before it names: `Today it has 240.`, `Dial 4711.` */
const fewWords = 2;

/**
 * Whether a sentence that lacks the claim's number has another one without contradicting it: it says something else, and a short next sentence holds
 * the claim's (`The fee is due on 1 March. It is €120.`); or the claim's names a column of the table that the sentence is a row of.
 */
function isOfSomethingElse(options: {
  claim: Analysis;
  all: readonly Analysis[];
  at: number;
  sentence: Analysis;
  rival: Quantity;
  holders: ReadonlySet<Analysis>;
}): boolean {
  const { claim, all, at, sentence, rival, holders } = options;
  if (holders.has(sentence)) return false;
  if (isRow(sentence)) {
    const header = all[all.slice(0, at).findLastIndex((other) => !isRow(other)) + 1] ?? sentence;
    return holders.has(header);
  }
  const next = all[at + 1];
  if (next === undefined || !holders.has(next) || next.content.length > fewWords) return false;
  return coverageOf(without(sentence, rival), [claim]) < nearlyAll;
}

const isRow = ({ text }: Analysis) => text.includes("|");

/** `Skua 3` when the evidence says `Skua 4` and nowhere `Skua 3`. */
function hasRival(claim: Analysis, quantity: Quantity, all: readonly Analysis[]): boolean {
  const before = claim.words[quantity.from - 1];
  const after = claim.words[quantity.to];
  return all.some(({ words, quantities }) =>
    quantities.some((other) => {
      const follows = words[other.from - 1];
      const precedes = words[other.to];
      if (before !== undefined && follows !== undefined && !before.isStop && before.stem === follows.stem) return true;
      return after !== undefined && precedes !== undefined && !after.isStop && after.stem === precedes.stem;
    }),
  );
}
