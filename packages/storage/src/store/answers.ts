import type { ActorRef, Answer, AnswerId, AnswerTrace, Attribution, CollectionId, FinishReason, TenantId } from "@footnote/core";
import type { PageRequest, PageResult } from "./paging.ts";

/** What somebody says of an answer. */
export interface NewFeedback {
  /** Whose word it is: an actor, or a person whom the application named, by a digest of that name. */
  author: { type: ActorRef["type"] | "user"; id: string };
  rating: "up" | "down";
  reason?: string;
  comment?: string;
}

/** An answer that somebody rated down, with what a question for a golden set is made of. */
export interface RatedDownAnswer {
  id: AnswerId;
  collectionId: CollectionId;
  question: string;
  /** Earlier questions of its conversation, oldest first. */
  history: string[];
  text: string;
  finishReason: FinishReason;
  pipeline: string;
  createdAt: Date;
  /** What it cited of documents that are still there, by external id. */
  cited: { document: string; quote: string }[];
  /** How many people rated it down. */
  votes: number;
  /** Of the latest of them. */
  reason?: string;
  comment?: string;
  ratedAt: Date;
}

export interface AnswerRepository {
  /** Throws `conflict` when a document that it shows is gone. */
  save(tenantId: TenantId, answer: Answer, saved: { collectionId: CollectionId; trace?: AnswerTrace; by: Attribution }): Promise<void>;
  get(tenantId: TenantId, id: AnswerId): Promise<Answer | null>;
  /** Null also for an answer that was stored without one. */
  trace(tenantId: TenantId, id: AnswerId): Promise<AnswerTrace | null>;
  /** One word per author: a later one takes the place of the earlier. False: there is no such answer. */
  saveFeedback(tenantId: TenantId, id: AnswerId, feedback: NewFeedback, by: Attribution): Promise<boolean>;
  /** Answers that somebody rated down, newest answer first, with the latest bad word about each. Null collections: all. */
  listRatedDown(
    tenantId: TenantId,
    options: { collections: readonly CollectionId[] | null; page: PageRequest },
  ): Promise<PageResult<RatedDownAnswer>>;
}
