import { createClient } from "@footnote/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ingestText, type ServedTestApi, serveTestApi, type TestTenant } from "./testing/served-api.ts";

let served: ServedTestApi;
beforeAll(async () => {
  served = await serveTestApi();
});
afterAll(() => served.close());

const client = (tenant: TestTenant, key = tenant.key) => createClient({ url: served.url, key, retries: 0 });
async function prepare() {
  const tenant = await served.tenant();
  await tenant.call("PUT", "/v1/collections/manual", { json: {} });
  const { documentId } = await ingestText(served, tenant, "boiler.md", "# Boiler\n\nThe boiler is guaranteed for seven years.\n");
  const api = client(tenant);
  const answer = await api.answers.create({ question: "How long is the boiler guaranteed?", collection: "manual" });
  return { tenant, api, answer, documentId };
}

describe("feedback", () => {
  it("counts one word per user, or per key where none is named", async () => {
    const { tenant, api, answer } = await prepare();
    const other = client(tenant, await tenant.keyWith(["ask"]));
    const votes = async () => (await api.evals.candidates()).data.map(({ origin }) => origin.votes);
    expect(await votes()).toEqual([]);
    await api.answers.feedback(answer.id, { rating: "down" });
    await api.answers.feedback(answer.id, { rating: "down" });
    expect(await votes()).toEqual([1]);
    await other.answers.feedback(answer.id, { rating: "down", user: "ann@example.org" });
    await api.answers.feedback(answer.id, { rating: "down", user: "ann@example.org" });
    expect(await votes()).toEqual([2]);
    await other.answers.feedback(answer.id, { rating: "down" });
    expect(await votes()).toEqual([3]);
    await api.answers.feedback(answer.id, { rating: "up", user: "ann@example.org" });
    expect(await votes()).toEqual([2]);
  });

  it("refuses what it does not know", async () => {
    const { tenant, answer } = await prepare();
    const say = async (json: object) => (await tenant.call("POST", `/v1/answers/${answer.id}/feedback`, { json })).status;
    expect(await say({ rating: "down", reason: "should-have-answered", comment: "x".repeat(2_000) })).toBe(204);
    expect(await say({ rating: "meh" })).toBe(400);
    expect(await say({ rating: "down", reason: "bad" })).toBe(400);
    expect(await say({ rating: "down", comment: "x".repeat(2_001) })).toBe(400);
    expect(await say({ rating: "down", user: "" })).toBe(400);
    expect(await say({ rating: "down", tenant: "ten_x" })).toBe(400);
    expect(await say({ rating: "down", comment: "\0" })).toBe(400);
  });
});

describe("candidates", () => {
  it("are unreviewed cases with what was cited as a hint, which no dataset takes", async () => {
    const { api, answer } = await prepare();
    const { conversationId } = answer;
    const follow = await api.answers.create({ question: "How long is the guarantee of the boiler?", collection: "manual", conversationId });
    await api.answers.feedback(follow.id, { rating: "down", reason: "incorrect", comment: "It is eight." });
    const { data } = await api.evals.candidates({ collection: "manual" });
    expect(data).toEqual([
      {
        id: `f-${follow.id}`,
        question: "How long is the guarantee of the boiler?",
        history: ["How long is the boiler guaranteed?"],
        answerable: true,
        tags: ["feedback", "follow-up"],
        split: expect.stringMatching(/^(?:train|test)$/u),
        spans: [{ document: "boiler.md", quote: "The boiler is guaranteed for seven years." }],
        reviewed: false,
        origin: { type: "feedback", answerId: follow.id, votes: 1, answer: follow.text, reason: "incorrect", comment: "It is eight." },
      },
    ]);
    const cases = data.map((row) => JSON.stringify(row)).join("\n");
    await expect(api.evals.datasets.put({ collection: "manual", name: "bad", cases })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("nobody has reviewed"),
    });
    const reviewed = cases.replace('"reviewed":false', '"reviewed":true');
    expect(await api.evals.datasets.put({ collection: "manual", name: "bad", cases: reviewed })).toMatchObject({ caseCount: 1 });
  });

  it("are an administrator's, of the collections that the key may see", async () => {
    const { tenant, api, answer } = await prepare();
    const stranger = await prepare();
    await api.answers.feedback(answer.id, { rating: "down" });
    expect((await stranger.api.evals.candidates()).data).toEqual([]);
    await expect(client(tenant, await tenant.keyWith(["ask"])).evals.candidates()).rejects.toMatchObject({ status: 403 });
    await tenant.call("PUT", "/v1/collections/other", { json: {} });
    const { key } = await api.keys.create({ scopes: ["admin"], collections: ["other"] });
    const limited = client(tenant, key ?? "");
    expect((await limited.evals.candidates()).data).toEqual([]);
    await expect(limited.evals.candidates({ collection: "manual" })).rejects.toMatchObject({ status: 404 });
    expect((await api.evals.candidates({ collection: "manual", limit: 1 })).data).toHaveLength(1);
  });

  it("lose the document's words with the document", async () => {
    const { tenant, api, answer, documentId } = await prepare();
    await api.answers.feedback(answer.id, { rating: "down", comment: "Seven years, really?" });
    await api.documents.delete(documentId);
    await served.work(tenant.tenantId);
    const [left] = (await api.evals.candidates()).data;
    expect(left).toMatchObject({ spans: [], origin: { votes: 1 } });
    expect(JSON.stringify(left)).not.toMatch(/seven/iu);
  });
});
