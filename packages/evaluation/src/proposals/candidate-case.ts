import { type ProposalOrigin, type ProposedCase, splitOfPlace } from "./proposed-case.ts";

/** An answer that people rated down. */
export interface BadAnswer {
  answerId: string;
  question: string;
  /** Earlier questions of its conversation, oldest first. */
  history: readonly string[];
  /** What was said. */
  text: string;
  /** What it cited: external id and words. */
  cited: readonly { document: string; quote: string }[];
  /** How many people rated it down. */
  votes: number;
  /** Of the latest of them. */
  reason?: string;
  comment?: string;
}

/**
 * A bad answer as a case that is to be reviewed. What it cited is a hint where the right answer may stand, and may well be the wrong place;
 * nobody has said yet what the right answer is, unless that there is none.
 */
export function candidateCase(bad: BadAnswer): ProposedCase & { origin: Extract<ProposalOrigin, { type: "feedback" }> } {
  const { answerId, question, history, text, cited, votes, reason, comment } = bad;
  const answerable = reason !== "should-have-abstained";
  const places = new Map(cited.map(({ document, quote }) => [`${document}\n${quote}`, { document, quote }]));
  return {
    reviewed: false,
    origin: {
      type: "feedback",
      answerId,
      votes,
      ...(text === "" ? {} : { answer: text }),
      ...(reason === undefined ? {} : { reason }),
      ...(comment === undefined ? {} : { comment }),
    },
    case: {
      id: `f-${answerId}`,
      question,
      ...(history.length === 0 ? {} : { history: [...history] }),
      answerable,
      tags: ["feedback", ...(history.length === 0 ? [] : ["follow-up"]), ...(answerable ? [] : ["unanswerable"])],
      split: splitOfPlace(question),
      spans: answerable ? [...places.values()].filter(({ quote }) => quote.trim() !== "") : [],
    },
  };
}
