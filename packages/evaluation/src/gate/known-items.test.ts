import { describe, expect, it } from "vitest";
import { simulateKnownItems } from "./known-items.ts";

const documents = [
  {
    id: "a.md",
    text: "The espresso machine on the second floor is descaled every ninety days. Part LF-26 fits the espresso machine on the second floor.",
  },
  {
    id: "b.md",
    text: "Visitors park behind the northern building after six o'clock. Short one. Visitors sign in at the reception of the northern building.",
  },
];

describe("simulateKnownItems", () => {
  it("makes queries of the rarest words of sentences, which stand together nowhere else", () => {
    const items = simulateKnownItems({ documents, count: 10 });
    expect(items).toHaveLength(4);
    for (const { query, gold } of items) {
      const sentence =
        documents
          .find(({ id }) => id === gold.document)
          ?.text.slice(gold.start, gold.end)
          .toLowerCase() ?? "";
      for (const word of query.split(" ")) expect(sentence).toContain(word);
      expect(query.split(" ")).toHaveLength(3);
    }
    expect(items.map(({ query }) => query)).toContain("part lf-26 fits");
    expect(new Set(items.map(({ id }) => id)).size).toBe(4);
  });

  it("lets documents take turns, and gives the same for the same seed and documents", () => {
    const [first, second] = simulateKnownItems({ documents, count: 2 });
    expect(new Set([first?.gold.document, second?.gold.document])).toEqual(new Set(["a.md", "b.md"]));
    expect(simulateKnownItems({ documents, count: 4, seed: 5 })).toEqual(simulateKnownItems({ documents, count: 4, seed: 5 }));
  });

  it("leaves sentences out that cannot be told apart, and copes with nothing", () => {
    const twice = "Every employee may borrow one bicycle from the garage for a week.";
    expect(simulateKnownItems({ documents: [{ id: "c.md", text: `${twice} ${twice}` }], count: 5 })).toEqual([]);
    expect(simulateKnownItems({ documents: [], count: 5 })).toEqual([]);
    expect(simulateKnownItems({ documents: [{ id: "d.md", text: "Too short." }], count: 5 })).toEqual([]);
  });
});
