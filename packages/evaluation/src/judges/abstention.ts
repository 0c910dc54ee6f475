import { splitSentences } from "@footnote/core";

const source =
  "(?:documents?|sources?|context|passages?|text|information|excerpts?|material|articles?|data|record|dokumente?|quellen?|unterlagen)";
const forms: RegExp[] = [
  new RegExp(
    `\\b${source}\\b[^.]{0,40}\\b(?:do(?:es)? not|don['’]t|doesn['’]t|did not|cannot|can['’]t|never)\\b[^.]{0,30}\\b(?:hold|contain|say|state|mention|specif|answer|include|provide|give|tell|cover|address|reveal|disclose|list|indicate|describe|discuss)`,
    "iu",
  ),
  new RegExp(
    `\\b(?:no|not (?:any|enough|sufficient)|insufficient|without)\\b[^.]{0,20}\\b(?:${source}|answer|mention|evidence|details?)\\b`,
    "iu",
  ),
  /\b(?:i|we)\s+(?:(?:do|did|could|can|am|are)\s*(?:not|n['’]t)|don['’]t|didn['’]t|cannot|can['’]t|couldn['’]t|'m not|am unable|are unable|was unable|were unable)\s*(?:able to\s*)?(?:know|find|answer|say|tell|determine|provide|help|have|see|sure|certain|locate|confirm)/iu,
  /\b(?:is|are|was|were)\s+(?:not|n['’]t)\s+(?:(?:explicitly|directly|clearly)\s+)?(?:mentioned|stated|specified|answered|answerable|disclosed)\b/iu,
  new RegExp(
    `\\b(?:is|are|was|were)\\s+(?:not|n['’]t)\\s+(?:\\w+\\s+)?(?:given|provided|available|known|found|covered|addressed|included|described|documented|contained)\\b[^.]{0,20}\\b(?:in|by|from)\\b[^.]{0,20}\\b${source}\\b`,
    "iu",
  ),
  /\b(?:cannot|can['’]t|could not|couldn['’]t) be (?:answered|determined|found|established|inferred|known)\b/iu,
  /\b(?:unknown|unanswerable|n\/a|not answerable|no answer|not stated|not specified|not mentioned)\b\W*$/iu,
  /\b(?:unable|impossible) to (?:answer|say|tell|determine|find|provide)\b/iu,
  /\bkeine (?:antwort|angaben?|informationen?|auskunft)\b|\bnicht (?:angegeben|erwähnt|enthalten|genannt|bekannt|beantworte[nt])\b|\bich weiß (?:es )?nicht\b/iu,
];

/**
 * Whether an answer says that it has none. It does when it is empty, or when its first sentence does and nothing that follows is cited
 * (`hasCitations`): "The policy does not say, but the manual does: … [1]" answers.
 */
export function isAbstention(answer: string, options: { hasCitations?: boolean; language?: string } = {}): boolean {
  const { hasCitations = false, language } = options;
  if (!/[\p{L}\p{N}]/u.test(answer)) return true;
  if (hasCitations) return false;
  const sentences = splitSentences(answer, language === undefined ? {} : { language }).map(({ start, end }) => answer.slice(start, end));
  const first = sentences[0] ?? answer;
  if (!forms.some((form) => form.test(first))) return false;
  // After an abstention a model may suggest where else to ask; a long answer that goes on is one.
  return sentences.length <= 4;
}
