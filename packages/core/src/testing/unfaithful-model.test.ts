import { describe, expect, it } from "vitest";
import { hitOf } from "./reranker-contract.ts";
import { createUnfaithfulModel, createUnfaithfulWriter, unfaithfulReply } from "./unfaithful-model.ts";

const texts = [
  "The boiler is guaranteed for 7 years. The pump is guaranteed for 2 years.\n\nA cell | of | a table.",
  "Visitors may park behind the building. See [3] for more about that. The hall was opened in 1998.",
];
const sources = texts.map((text, index) => ({ marker: index + 1, text }));
const source = texts.join(" ");

describe("createUnfaithfulWriter", () => {
  it.each([0, 0.3, 1])("writes unsupported sentences in a share of %s, the same ones for the same question", (share) => {
    const writer = createUnfaithfulWriter({ share });
    for (let i = 0; i < 400; i++) writer.write({ question: `Question ${i}?`, sources, maxSentences: 4 });
    const unsupported = writer.said.filter(({ supported }) => !supported);
    expect(writer.said).toHaveLength(1600);
    expect(Math.abs(unsupported.length / 1600 - share)).toBeLessThan(0.04);
    for (const { text, supported } of writer.said) expect(source.includes(text)).toBe(supported);
    const again = createUnfaithfulWriter({ share });
    expect(again.write({ question: "Question 7?", sources, maxSentences: 4 })).toEqual(
      writer.said.filter(({ question }) => question === "Question 7?"),
    );
  });

  it("cites the source of each sentence and leaves tables and footnote-like text alone", () => {
    const written = createUnfaithfulWriter({ share: 0, sentences: 9 }).write({ question: "?", sources, maxSentences: 9 });
    expect(written.map(({ marker, text }) => [marker, text])).toEqual([
      [1, "The boiler is guaranteed for 7 years."],
      [2, "Visitors may park behind the building."],
      [1, "The pump is guaranteed for 2 years."],
      [2, "The hall was opened in 1998."],
    ]);
  });

  it("changes numbers or the sense of a sentence where it is told to", () => {
    const write = (kind: "number" | "negation") =>
      createUnfaithfulWriter({ share: 1, kinds: [kind] })
        .write({ question: "?", sources, maxSentences: 4 })
        .map(({ text }) => text);
    expect(write("number")[0]).toMatch(/^The boiler is guaranteed for \d{3} years\.$/u);
    expect(write("negation").slice(0, 2)).toEqual([
      "The boiler is not guaranteed for 7 years.",
      "Visitors may not park behind the building.",
    ]);
    expect(write("number")[1]).not.toContain("park");
  });
});

it("is a language model, and a reply of a scripted server", async () => {
  const model = createUnfaithfulModel({ share: 0, sentences: 1 });
  const events = [];
  const hit = hitOf(texts[0] ?? "");
  for await (const event of model.generate({ question: "?", sources: [{ marker: 1, hit }], history: [], maxSentences: 3, minSupport: 0 }))
    events.push(event);
  expect(events).toMatchObject([
    { type: "text-delta", text: "The boiler is guaranteed for 7 years. [1]" },
    { type: "finish", reason: "stop" },
  ]);
  expect(model.said).toMatchObject([{ supported: true }]);
  const nothing = [];
  for await (const event of model.generate({ question: "?", sources: [], history: [], maxSentences: 3, minSupport: 0 }))
    nothing.push(event);
  expect(nothing).toMatchObject([{ type: "finish", reason: "unsupported" }]);

  const prompt = [
    '{"source":2,"text":"Visitors may park behind the building."}',
    'Question: "Where?"',
    "Answer in at most 2 sentences, or with NO_ANSWER.",
  ].join("\n");
  expect(unfaithfulReply(createUnfaithfulWriter({ share: 0 }), { prompt })).toEqual({
    text: ["Visitors may park behind the building. [2]"],
  });
  expect(unfaithfulReply(createUnfaithfulWriter({ share: 0 }), { prompt: 'Question: "Where?"' })).toEqual({ text: "NO_ANSWER" });
});
