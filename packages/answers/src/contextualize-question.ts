const pronoun =
  /\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|there|one|ones|the same|er|sie|es|dieser|diese|dieses|dessen|deren|dort)\b/iu;
const continuation = /^\s*(?:and|but|or|also|what about|how about|und|oder|et|y)\b/iu;
const functionWords = new Set(
  (
    "a an the and or but of to in on at by for from with as is are was were be been do does did has have had will would can could may might " +
    "must shall should what which who whom whose when where why how often long much many about also it its they them their this that these " +
    "those there i we you my our your me us not no so if then than any some und oder der die das ein eine ist sind wie was wer wann wo " +
    "warum welche welcher welches lange viel viele oft"
  ).split(" "),
);

function contentWords(text: string): string[] {
  return [...text.matchAll(/[\p{L}\p{N}\p{M}]+(?:[-'’.][\p{L}\p{N}\p{M}]+)*/gu)]
    .map(([word]) => word)
    .filter((word) => !functionWords.has(word.toLowerCase()));
}

const mostCarried = 12;

/**
 * A follow-up question with the words it leaves out: one that holds a pronoun, begins with "and" or "what about", or has fewer than two
 * content words gets the content words of the question before (which was itself completed from its own predecessor). Any other is returned as it is.
 */
export function contextualizeQuestion(question: string, history: readonly { question: string }[]): string {
  const previous = history.at(-1);
  if (previous === undefined) return question;
  const own = contentWords(question);
  const dependent = own.length < 2 || continuation.test(question) || pronoun.test(question);
  if (!dependent) return question;
  const before = contextualizeQuestion(previous.question, history.slice(Math.max(0, history.length - 4), -1));
  const present = new Set(own.map((word) => word.toLowerCase()));
  const carried = [...new Set(contentWords(before))].filter((word) => !present.has(word.toLowerCase())).slice(0, mostCarried);
  return carried.length === 0 ? question : `${question} (${carried.join(" ")})`;
}
