/** A question made from a statement, and the template that made it. */
export interface SentenceQuestion {
  question: string;
  template: "definition" | "date" | "time" | "year" | "share" | "number";
}

const months = "January|February|March|April|May|June|July|August|September|October|November|December";
const numberWords =
  "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|one hundred";
const capitalNumberWords = numberWords.replace(/\b(?<!one )[a-z]/gu, (first) => first.toUpperCase());
const clock = String.raw`\d{1,2}:\d{2}(?: ?[ap]\.?m\.?)?`;

/** A plural within the next two words: "14 characters", "20 working days", "1.1 million euros". */
const counted = String.raw`(?= (?:\p{Ll}[\p{Ll}-]* ){0,2}?(?:\p{Ll}[\p{Ll}-]*s|people|°[CF]|per [a-z]+)\b)`;
/** "Skua 4" and "status 429" are names; "one, three and five" is a list. */
const named = String.raw`(?<!\p{Lu}[\p{L}\p{N}'’-]* |\b(?:version|level|status|firmware|room|page|chapter|section|step|type|extension|number|phase|form) |, |\d and |\band |[$€£–—@-] ?)`;

/** Most telling first: each replaces what it asks for by question words where it stands, as an echo question does. */
const quantities: { template: SentenceQuestion["template"]; pattern: RegExp; words: string }[] = [
  { template: "time", pattern: new RegExp(`\\bbetween ${clock} and ${clock}`, "u"), words: "between what times" },
  { template: "time", pattern: new RegExp(`\\bfrom ${clock} (?:to|until) ${clock}`, "u"), words: "from when to when" },
  { template: "time", pattern: new RegExp(`(?<=\\b(?:at|by|until|before|after|from|since) )${clock}`, "u"), words: "what time" },
  {
    template: "date",
    pattern: new RegExp(`\\b\\d{1,2} (?:${months})(?: \\d{4})?\\b|\\b(?:${months}) \\d{1,2}(?:, \\d{4})?\\b`, "u"),
    words: "which date",
  },
  { template: "share", pattern: /\d[\d,.]*(?: per cent| percent| ?%)/u, words: "what percentage" },
  {
    template: "number",
    pattern: new RegExp(`${named}(?<![\\d.,])(?!(?:19|20)\\d{2}\\b)\\d[\\d,]*(?:\\.\\d+)?${counted}`, "u"),
    words: "how many",
  },
  { template: "number", pattern: new RegExp(`${named}\\b(?:${numberWords}|${capitalNumberWords})${counted}`, "u"), words: "how many" },
  { template: "year", pattern: /(?<=\b(?:in|since|until|by) )(?:19|20)\d{2}\b(?=$|[.,;]| (?:and|by|to)\b)/u, words: "which year" },
];

/** Without what stands before it, a sentence that opens with one of these says nothing. */
const leaning =
  /^(?:It|Its|They|Their|This|That|These|Those|He|She|His|Her|We|You|I|There|Here|However|But|And|Or|So|Then|Thus|Also|In this|If|Since|Because|While|As|Although|Though|Below|Above|Now|Of these|When|After|Before|Both|Either|Otherwise|Such|Some|Please)\b/u;
const definition = /^((?:The |A |An )?\p{L}[\p{L}\p{N}'’ -]{0,58}?)(?: (is|are) (?=(?:a|an|the|one of) )|: (?=(?:a|an|the) ))/u;
/** "The aim is the …" names no thing that one would look up. */
const vague =
  /^(?:The |A |An )?(?:aim|goal|reason|result|idea|point|problem|example|first|second|third|last|next|only|main|rest|following|answer|another|one)\b|\b(?:this|these|that|such)\b|(?<=.) (?:The|A|An) /iu;

/**
 * An English statement turned into the question that it answers; null where no template fits. The quantity is asked for where it stands
 * ("The limit is how many euros a night?"), which is plain and never ungrammatical; whoever reviews the question rewords it.
 */
export function questionOfSentence(sentence: string): SentenceQuestion | null {
  const words = sentence.split(/\s+/u).length;
  if (
    words < 4 ||
    words > 32 ||
    /[|"“”?!\n\\]/u.test(sentence) ||
    !/^(?!\d+[.)] )[\p{Lu}\p{N}].*\.$/u.test(sentence) ||
    leaning.test(sentence)
  )
    return null;
  const defined = definition.exec(sentence);
  if (defined?.[1] !== undefined && defined[1].split(" ").length <= 5 && !vague.test(defined[1])) {
    const [, name, verb] = defined;
    const question =
      verb === undefined
        ? `What does “${name}” mean?`
        : `What ${verb} ${name.replace(/^(?:The|A|An) /u, (article) => article.toLowerCase())}?`;
    return { question, template: "definition" };
  }
  const clause = sentence.slice(0, -1);
  for (const { template, pattern, words: asked } of quantities) {
    const found = pattern.exec(clause);
    if (!found) continue;
    const before = clause.slice(0, found.index);
    const bare = template === "date" && !/\b(?:on|by|until|since|from|before|after|of|to|for) $/iu.test(before);
    const question = `${before}${bare ? "on " : ""}${asked}${clause.slice(found.index + found[0].length)}?`;
    return { question: question.charAt(0).toUpperCase() + question.slice(1), template };
  }
  return null;
}
