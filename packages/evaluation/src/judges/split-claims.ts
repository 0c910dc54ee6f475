import { type Span, splitSentences } from "@footnote/core";
import { wordsOf } from "./words.ts";

/** Verbs that show that a clause says something by itself; a closed list, so a clause with another verb stays with its neighbour. */
const finite =
  /\b(?:is|are|was|were|has|have|had|do|does|did|can|could|may|might|must|shall|should|will|would|needs?|costs?|takes?|lasts?|carries|pays?|gets?|starts?|ends?|means?|applies|apply|expires?|contains?|includes?|requires?|holds?|keeps?|uses?|measures?|changes?|weighs?|remains?|stays?|works?|ist|sind|war|hat|haben|kann|muss|darf|wird)\b/iu;
const joint = /;\s+|,\s+(?:and|but|while|whereas|und|aber|während)\s+|\s+(?:whereas|wohingegen)\s+/giu;
const subject =
  /^(?:the|a|an|it|its|this|that|these|those|they|their|he|she|his|her|we|our|you|your|all|every|each|no|both|der|die|das|ein|eine|es|er|sie|\p{Lu}|\p{Nd})/u;
const leastWords = 3;
/** Spaces are of the second kind only: where either kind may take them, a row of markers takes exponential time. */
const onlyMarkers = /^(?:\[\d{1,4}(?:\s*[,;]\s*\d{1,4})*\]|[^\p{L}\p{N}])*$/u;

/**
 * The statements of a text: its sentences, and the coordinated clauses of a sentence where each has a subject and a verb of its own
 * (`; `, `, and the …`). Everything else is left whole: half a statement judged alone is worse than two judged together.
 * Every statement is a span of the text; markers such as `[1]` at a sentence's end belong to none.
 */
export function splitClaims(text: string, options: { language?: string | null } = {}): Span[] {
  const claims: Span[] = [];
  for (const sentence of splitSentences(text, options)) {
    let start = sentence.start;
    const body = text.slice(sentence.start, sentence.end);
    // A table row's cells and a list's parts are read together.
    const isProse = !/\S\s*\|\s*\S/u.test(body);
    for (const match of isProse ? body.matchAll(joint) : []) {
      const end = sentence.start + match.index;
      const next = end + match[0].length;
      if (opens(text.slice(start, end)) && follows(text.slice(next, sentence.end), match[0])) {
        claims.push({ start, end });
        start = next;
      }
    }
    claims.push({ start, end: sentence.end });
  }
  return claims.map((claim) => withoutMarkers(text, claim)).filter(({ start, end }) => !onlyMarkers.test(text.slice(start, end)));
}

/** Whether a piece has what a statement needs; half of a condition has not. */
function opens(piece: string): boolean {
  const isCondition = /^\s*(?:if|when|while|unless|because|although|since|whenever|wenn|weil|falls|obwohl)\b/iu.test(piece);
  return !isCondition && finite.test(piece) && wordsOf(piece).length >= leastWords;
}

/** The same of what follows a joint. Behind a comma it needs a subject that can be told from an object. */
function follows(piece: string, joint: string): boolean {
  return finite.test(piece) && wordsOf(piece).length >= leastWords && (joint.startsWith(";") || subject.test(piece));
}

function withoutMarkers(text: string, { start, end }: Span): Span {
  const tail = /(?:\s*\[\d{1,4}(?:\s*[,;]\s*\d{1,4})*\])+[.!?]?\s*$/u.exec(text.slice(start, end));
  return tail === null || tail.index === 0 ? { start, end } : { start, end: start + tail.index };
}
