import { newId } from "@footnote/core";
import { answerOf } from "@footnote/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NewFeedback } from "./store/answers.ts";
import { createTenantAndCollection, loadChunks } from "./testing/load-chunks.ts";
import { availableEngines, openTestStore, type TestStore } from "./testing/test-store.ts";
import { testBy } from "./testing/test-by.ts";

const space = { space: "fake_64", dimensions: 64, tokenVectors: true };
const bad: NewFeedback = { author: { type: "key", id: "a" }, rating: "down" };

describe.each(await availableEngines())("feedback on %s", (engine) => {
  let opened: TestStore;
  beforeAll(async () => {
    opened = await openTestStore(engine);
  });
  afterAll(() => opened.close());

  async function prepare() {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const { tenantId, collectionId } = scope;
    const manual = await loadChunks(store, {
      ...scope,
      ...space,
      externalId: "manual.md",
      chunks: [{ text: "Descale it every 90 days." }],
    });
    const chunkId = manual.chunkIds[0] ?? newId("chunk");
    const conversationId = await store.conversations.create(tenantId, collectionId, testBy);
    const ask = async (question: string, at = conversationId) => {
      const answer = answerOf({
        conversationId: at,
        question,
        text: "Every 90 days.",
        citations: [
          {
            id: "1",
            marker: 1,
            answerSpan: { start: 0, end: 14 },
            source: { documentId: manual.documentId, versionId: manual.versionId, chunkId, title: null },
            sourceSpan: { start: 11, end: 25 },
            quote: "every 90 days.",
            verification: "normalized",
          },
        ],
      });
      await store.answers.save(tenantId, answer, { collectionId, by: testBy });
      return answer.id;
    };
    const down = (collections: readonly (typeof collectionId)[] | null = null, page = {}) =>
      store.answers.listRatedDown(tenantId, { collections, page });
    return { ...scope, store, manual, conversationId, ask, down };
  }

  it("keeps the last word of each, and counts people, not words", async () => {
    const { store, tenantId, collectionId, ask, down } = await prepare();
    const id = await ask("How often?");
    expect((await down()).data).toEqual([]);
    await store.answers.saveFeedback(tenantId, id, { ...bad, reason: "incorrect", comment: "No." }, testBy);
    await store.answers.saveFeedback(tenantId, id, { ...bad, reason: "outdated", comment: "Not any more." }, testBy);
    await store.answers.saveFeedback(tenantId, id, { author: { type: "user", id: "b" }, rating: "down", reason: "incomplete" }, testBy);
    await store.answers.saveFeedback(tenantId, id, { author: { type: "user", id: "c" }, rating: "up", comment: "Fine." }, testBy);
    const { data } = await down();
    expect(data).toEqual([
      {
        id,
        collectionId,
        question: "How often?",
        history: [],
        text: "Every 90 days.",
        finishReason: "stop",
        pipeline: "default",
        createdAt: expect.any(Date),
        cited: [{ document: "manual.md", quote: "every 90 days." }],
        votes: 2,
        reason: "incomplete",
        ratedAt: expect.any(Date),
      },
    ]);
    await store.answers.saveFeedback(tenantId, id, { author: { type: "key", id: "a" }, rating: "up" }, testBy);
    await store.answers.saveFeedback(tenantId, id, { author: { type: "user", id: "b" }, rating: "up" }, testBy);
    expect((await down()).data).toEqual([]);
  });

  it("takes two words of one person at once", async () => {
    const { store, tenantId, ask, down } = await prepare();
    const id = await ask("How often?");
    await Promise.all(["first", "second"].map((comment) => store.answers.saveFeedback(tenantId, id, { ...bad, comment }, testBy)));
    expect((await down()).data).toMatchObject([{ votes: 1 }]);
  });

  it("lists the newest answer first, page by page, with what was asked before it", async () => {
    const { store, tenantId, collectionId, ask, down } = await prepare();
    const ids = [
      await ask("What is it?"),
      await ask("And how often?"),
      await ask("Elsewhere?", await store.conversations.create(tenantId, collectionId, testBy)),
    ];
    for (const id of ids) await store.answers.saveFeedback(tenantId, id, bad, testBy);
    const first = await down(null, { limit: 2 });
    expect(first.data.map(({ question, history }) => [question, history])).toEqual([
      ["Elsewhere?", []],
      ["And how often?", ["What is it?"]],
    ]);
    const second = await down(null, { limit: 2, cursor: first.nextCursor ?? "" });
    expect(second).toMatchObject({ data: [{ question: "What is it?" }], nextCursor: null });
    expect((await down([collectionId])).data).toHaveLength(3);
    expect((await down([newId("collection")])).data).toEqual([]);
    expect((await down([])).data).toEqual([]);
  });

  it("stays with its tenant", async () => {
    const { store, tenantId, ask } = await prepare();
    const stranger = await prepare();
    const id = await ask("How often?");
    expect(await store.answers.saveFeedback(stranger.tenantId, id, bad, testBy)).toBe(false);
    expect(await store.answers.saveFeedback(tenantId, newId("answer"), bad, testBy)).toBe(false);
    await store.answers.saveFeedback(tenantId, id, bad, testBy);
    expect((await stranger.down()).data).toEqual([]);
  });

  it("takes words while the document that they are about is erased", async () => {
    const { store, tenantId, manual, ask, down } = await prepare();
    const ids = [await ask("How often?"), await ask("And why?"), await ask("And when?")];
    const speak = () =>
      ids.map((id, at) =>
        store.answers.saveFeedback(
          tenantId,
          id,
          { ...bad, author: { type: "user", id: String(at) }, comment: "It says every 90 days." },
          testBy,
        ),
      );
    await Promise.all(speak());
    await Promise.all([...speak(), store.documents.erase(tenantId, manual.documentId, testBy), ...speak()]);
    expect((await down()).data.map(({ votes, cited }) => [votes, cited])).toEqual([
      [1, []],
      [1, []],
      [1, []],
    ]);
  });

  it("loses its comment and its hints with the document, and goes with the conversation", async () => {
    const { store, tenantId, manual, conversationId, ask, down } = await prepare();
    const id = await ask("How often?");
    await store.answers.saveFeedback(tenantId, id, { ...bad, reason: "incorrect", comment: "It says every 90 days." }, testBy);
    expect(await store.documents.erase(tenantId, manual.documentId, testBy)).toMatchObject({ feedbackRedacted: 1, answersRedacted: 1 });
    const [left] = (await down()).data;
    expect(left).toMatchObject({ cited: [], votes: 1, reason: "incorrect" });
    expect(JSON.stringify(left)).not.toContain("90 days");
    await store.conversations.delete(tenantId, conversationId, testBy);
    expect((await down()).data).toEqual([]);
  });
});
