import type { Analysis, Place } from "../analysis.ts";
import { coverageOf, wordMatch } from "../coverage.ts";
import { calendarName } from "../polarity.ts";
import type { Word } from "../words.ts";
import type { Conflict, ConflictInput } from "./conflict.ts";
import { isNearer, nearlyAll } from "./nearness.ts";

/** A name or date of the claim that the evidence does not mention, or not in this place. */
export function nameConflict(input: ConflictInput): Conflict | null {
  for (const place of input.claim.names) {
    const conflict = missingName(input, place) ?? otherPlace(input, place);
    if (conflict !== null) return conflict;
  }
  return subjectConflict(input.claim, input.all);
}

function missingName({ claim, bearing, all, question }: ConflictInput, { from, to }: Place): Conflict | null {
  for (const word of claim.words.slice(from, to)) {
    if (all.some(({ words }) => words.some((other) => sameName(word, other)))) continue;
    const asked = question?.words.some((other) => sameName(word, other)) === true;
    // The evidence may call it "it", but not by another name.
    if (asked && !namesAnother(claim, bearing[0])) continue;
    return { kind: "name", reason: `the evidence does not mention ${word.text}` };
  }
  return null;
}

function otherPlace({ claim, all }: ConflictInput, place: Place): Conflict | null {
  const parts = claim.words.slice(place.from, place.to);
  const holders = all.flatMap((sentence) =>
    sentence.names.filter((other) => sharesName(parts, sentence, other)).map((other) => ({ sentence, other })),
  );
  for (const { sentence } of holders) {
    if (coverageOf(claim, [sentence]) < nearlyAll) continue;
    for (const rival of sentence.names) {
      if (sharesName(parts, sentence, rival)) continue;
      if (holders.every((own) => isNearer({ claim, place, sentence, rival, own }))) {
        const said = claim.text.slice(parts[0]?.start, parts.at(-1)?.end);
        return { kind: "place", reason: `the evidence says another name than ${said} in this place` };
      }
    }
  }
  return null;
}

function sameName(a: Word, b: Word): boolean {
  const month = calendarName(a);
  return a.lower === b.lower || a.stem === b.stem || (month !== null && month === calendarName(b));
}

function sharesName(parts: readonly Word[], { words }: Analysis, { from, to }: Place): boolean {
  return words.slice(from, to).some((other) => parts.some((word) => sameName(word, other)));
}

/** Whether a sentence names somebody or something that the claim does not. */
function namesAnother(claim: Analysis, sentence: Analysis | undefined): boolean {
  return sentence?.names.some((place) => !sharesName(claim.words, sentence, place)) === true;
}

/** `Norway pays …` where nobody mentions Norway: a first word without article before a verb of the third person is a name more often than not. */
function subjectConflict(claim: Analysis, all: readonly Analysis[]): Conflict | null {
  const first = claim.words[0];
  const second = claim.words[1];
  if (first === undefined || second === undefined || first.isStop || first.isNumber || !/^\p{Lu}\p{Ll}+$/u.test(first.text)) return null;
  if (first.lower.endsWith("s") || !/^(?:is|was|has|had|did|does|must|may|can|will|\p{Ll}+(?:s|ed))$/u.test(second.lower)) return null;
  if (all.some(({ words }) => words.some((other) => wordMatch(first, other) > 0))) return null;
  return { kind: "name", reason: `the evidence does not mention ${first.text}` };
}
