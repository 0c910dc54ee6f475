import { askedQuestion, asksTheSame } from "../datasets/similar-questions.ts";
import type { EvalCase } from "../datasets/eval-case.ts";
import type { ProposedCase } from "./proposed-case.ts";

/** Questions that are at least so similar are one. */
const sameQuestion = 0.7;

/**
 * At most `limit` proposals: none twice, none that is asked already in `known`, one for each place, and taken in turns from every document
 * and every kind of question, so that a long document or a large table does not fill the set.
 */
export function selectProposals(
  proposals: readonly ProposedCase[],
  options: {
    limit: number;
    known?: readonly EvalCase[];
    /** Whether a place is asked about once only. Default true; false where spans are hints. */
    onePerPlace?: boolean;
  },
): ProposedCase[] {
  const { limit, known = [], onePerPlace = true } = options;
  const asked = known.map(askedQuestion);
  const places = new Set(known.flatMap(({ spans }) => spans.map(placeOf)));
  const turns = new Map<string, Map<string, ProposedCase[]>>();
  for (const proposal of proposals) {
    const { spans, answerable, tags } = proposal.case;
    const document = spans[0]?.document ?? "";
    const kinds = turns.get(document) ?? new Map<string, ProposedCase[]>();
    const kind = answerable ? (tags[0] ?? "") : "unanswerable";
    kinds.set(kind, [...(kinds.get(kind) ?? []), proposal]);
    turns.set(document, kinds);
  }
  const chosen: ProposedCase[] = [];
  const queues = [...turns.values()].map((kinds) => inTurns([...kinds.values()]));
  for (const proposal of inTurns(queues)) {
    if (chosen.length >= limit) break;
    const { spans } = proposal.case;
    const own = askedQuestion(proposal.case);
    if ((onePerPlace && spans.some((span) => places.has(placeOf(span)))) || asked.some((other) => asksTheSame(own, other, sameQuestion)))
      continue;
    asked.push(own);
    for (const span of spans) places.add(placeOf(span));
    chosen.push(proposal);
  }
  return chosen;
}

const placeOf = ({ document, quote }: EvalCase["spans"][number]) => `${document}\n${quote}`;

/** The first of each, then the second of each, and so on. */
function inTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat();
}
