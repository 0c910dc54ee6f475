/** Ways in which a generator is wrong about a sentence that it read. */
export const corruptions = ["number", "negation", "name", "unit"] as const;
export type Corruption = (typeof corruptions)[number];

const otherUnits: [RegExp, string][] = [
  [/\bdays\b/u, "weeks"],
  [/\bweeks\b/u, "months"],
  [/\bmonths\b/u, "days"],
  [/\byears\b/u, "months"],
  [/\bhours\b/u, "days"],
  [/\bminutes\b/u, "hours"],
  [/\beuros\b/u, "cents"],
  [/\bmetres\b/u, "feet"],
  [/\bkm\b/u, "miles"],
  [/\bkg\b/u, "g"],
  [/°C/u, "°F"],
  [/\bper cent\b|%/u, "euros"],
];

/** The sentence with one thing wrong; null where there is nothing of that kind to get wrong. `name` replaces the last name that stands alone. */
export function corruptSentence(sentence: string, corruption: Corruption, otherName = "Tromsø"): string | null {
  switch (corruption) {
    case "number": {
      const found = [...sentence.matchAll(/(?<![\p{L}\d.,:-])\d+(?![\p{L}\d]|[.,:-]\d)/gu)].at(-1);
      if (found === undefined) return null;
      const other = String(Number(found[0]) + 7);
      return sentence.slice(0, found.index) + other + sentence.slice(found.index + found[0].length);
    }
    case "negation": {
      const denied = /\b(?:not|never) /u.exec(sentence);
      if (denied) return sentence.slice(0, denied.index) + sentence.slice(denied.index + denied[0].length);
      const verb = /\b(?:is|are|was|were|must|may|can|has to|will|should)\b(?! not)/u.exec(sentence);
      if (verb === null || /\b(?:no|none|without|nobody|cannot)\b/iu.test(sentence)) return null;
      const end = verb.index + verb[0].length;
      return `${sentence.slice(0, end)} not${sentence.slice(end)}`;
    }
    case "name": {
      const found = [...sentence.matchAll(/(?<=[\p{Ll},] )\p{Lu}\p{Ll}{3,}(?![\p{L}-]| \p{Lu})/gu)].at(-1);
      if (found === undefined || found[0] === otherName) return null;
      return sentence.slice(0, found.index) + otherName + sentence.slice(found.index + found[0].length);
    }
    case "unit": {
      for (const [unit, other] of otherUnits) if (unit.test(sentence)) return sentence.replace(unit, other);
      return null;
    }
  }
}
