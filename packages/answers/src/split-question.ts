const asking =
  "what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|" +
  "was|wer|wen|wem|wann|wo|warum|wie|welche[rs]?|wieviel|quand|qui|comment|combien|cuándo|quién|cómo|cuánto";
const joint = new RegExp(`(?<=[?？])\\s*(?=\\S)|[,;]?\\s+(?:and|und|et|y)\\s+(?:also\\s+)?(?=(?:${asking})\\b)`, "iu");
const mostParts = 4;
const startsAsking = new RegExp(`^(?:${asking})\\b`, "iu");

/**
 * The questions inside a question: "How long is the boiler guaranteed and how often must it be descaled?" has two. A joint counts only
 * before a word that asks, and only when what stands before it asks too. At most four parts; a question without a joint is its only part.
 */
export function splitQuestion(question: string): string[] {
  const parts: string[] = [];
  for (const piece of question.split(joint)) {
    const part = piece.trim();
    if (!/[\p{L}\p{N}]/u.test(part)) continue;
    const previous = parts.at(-1);
    const words = part.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
    const isQuestion = startsAsking.test(part) || part.endsWith("?");
    const alone = previous === undefined || (words >= 3 && isQuestion && parts.length < mostParts);
    if (alone) parts.push(part);
    else parts[parts.length - 1] = `${previous} ${part}`;
  }
  const first = parts[0];
  if (parts.length < 2 || first === undefined) return [question.trim()];
  // "I bought a machine. Is it …": a first part that does not ask is the setting of the second.
  if (!startsAsking.test(first) && !first.endsWith("?")) return [question.trim()];
  return parts.map((part) => (/[?？.!]$/u.test(part) ? part : `${part}?`));
}
