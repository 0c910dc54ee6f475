/* oxlint-disable vitest/no-conditional-expect -- properties look at each chunk of a list */
import type { ChunkDraft, ChunkerSpec, ChunkRequest, ParsedDocument } from "@footnote/core";
import { chunkerContract, countTokens, createFakeEmbedder, documentOf, letterCounts, plainDocument } from "@footnote/core/testing";
import type { DocumentPart } from "@footnote/core/testing";
import { describe, expect, it } from "vitest";
import { chunkDocument } from "./chunk-document.ts";
import { createChunker } from "./create-chunker.ts";
import { mostStretches } from "./semantic.ts";
import { allSteps } from "./steps.ts";

const strategies = ["recursive", "structure", "sentence-window", "semantic"] as const;

const spec = (strategy: ChunkerSpec["strategy"], changes: Partial<ChunkerSpec> = {}): ChunkerSpec => ({
  strategy,
  maxTokens: 40,
  overlapTokens: 0,
  windowSentences: 2,
  breakpointPercentile: 80,
  ...changes,
});

const chunk = (document: ParsedDocument, chosen: ChunkerSpec, count = countTokens): ChunkDraft[] => {
  const request = { document, spec: chosen, countTokens: count };
  return createChunker(chosen.strategy).chunk({ ...request, ...vectorsFor(request) });
};

/** A vector for each text that the strategy compares: its letters, counted. */
function vectorsFor(request: ChunkRequest): { vectors?: Float32Array[] } {
  const texts = createChunker(request.spec.strategy).textsToEmbed?.(request);
  return texts ? { vectors: allSteps(texts).map(letterCounts) } : {};
}

const texts = (document: ParsedDocument, chosen: ChunkerSpec) => chunk(document, chosen).map(({ text }) => text);

describe.each(strategies)("%s", (strategy) => {
  chunkerContract(strategy, () => createChunker(strategy));

  it.each([
    ["words on one line", "lorem ipsum dolor sit amet "],
    ["no blanks", "Ab3/"],
    ["ideographs", "今天天气很好我们去公园玩"],
    ["sentences", "It is so. Is it? "],
    ["paragraphs", "It is so.\n\n"],
    ["marks", "\u0301"],
    ["blanks and marks", " \u0301\n"],
  ])("counts each character a few times at most: %s", (_, unit) => {
    const counted = (repeats: number) => {
      let characters = 0;
      chunk(plainDocument(unit.repeat(repeats)), spec(strategy), (text) => {
        characters += text.length;
        return countTokens(text);
      });
      return characters / (unit.length * repeats);
    };
    expect(counted(2000)).toBeLessThan(6);
    expect(counted(8000)).toBeLessThan(6);
  });

  it("does not let a blob that is one token to the model fill a chunk", () => {
    const chunks = chunk(plainDocument("x".repeat(10_000)), spec(strategy), (text) => (text.trim() === "" ? 0 : 1));
    expect(Math.max(...chunks.map((each) => each.text.length))).toBeLessThanOrEqual(40 * 16);
  });

  it("finds the page in the list of pages when blocks do not say", () => {
    const document: ParsedDocument = {
      ...plainDocument("One.\n\nTwo."),
      pages: [
        { number: 1, start: 0, end: 5 },
        { number: 2, start: 5, end: 10 },
      ],
    };
    expect(chunk(document, spec(strategy, { maxTokens: 16 })).at(-1)?.page).toBe(strategy === "sentence-window" ? 2 : 1);
    expect(chunk(plainDocument("One."), spec(strategy))[0]).not.toHaveProperty("page");
  });
});

describe("structure in detail", () => {
  const words = (count: number, word = "word") => Array.from({ length: count }, () => word).join(" ");

  it("starts a chunk at each section and keeps a heading with its text", () => {
    const document = documentOf([
      { kind: "heading", text: "A", level: 1 },
      { kind: "paragraph", text: "One." },
      { kind: "paragraph", text: "Two." },
      { kind: "heading", text: "B", level: 1 },
      { kind: "heading", text: "C", level: 2 },
      { kind: "paragraph", text: "Three." },
    ]);
    const chunks = chunk(document, spec("structure"));
    expect(chunks.map(({ text }) => text)).toEqual(["A\n\nOne.\n\nTwo.", "B\n\nC\n\nThree."]);
    expect(chunks.map(({ headingPath }) => headingPath)).toEqual([["A"], ["B", "C"]]);
  });

  it("cuts a full paragraph rather than leave its heading alone", () => {
    const document = documentOf([
      { kind: "heading", text: "Title" },
      { kind: "paragraph", text: `${words(18)}. ${words(18)}.` },
    ]);
    const [first] = chunk(document, spec("structure", { maxTokens: 38 }));
    expect(first?.text.startsWith("Title\n\nword")).toBe(true);
  });

  it("keeps rows of a table together while they fit, and never cuts one that fits", () => {
    const row = (name: string, size: number, group: number): DocumentPart => ({
      kind: "table-row",
      text: `${name} ${words(size, "cell")}`,
      group,
    });
    const small = documentOf([{ kind: "paragraph", text: words(30) }, row("r1", 9, 1), row("r2", 9, 1)]);
    expect(chunk(small, spec("structure")).map(({ text }) => text.includes("r1") && text.includes("r2"))).toEqual([false, true]);
    const large = documentOf(Array.from({ length: 9 }, (_, at) => row(`r${at}`, 14, 1)));
    for (const text of texts(large, spec("structure"))) expect(text).toMatch(/^r\d(?: cell){14}(?:\n\nr\d(?: cell){14})*$/u);
  });

  it("cuts code at blank lines, then at lines", () => {
    const code = Array.from({ length: 12 }, (_, at) => `call(${words(5)}, ${at});${at % 4 === 3 ? "\n" : ""}`).join("\n");
    const chunks = texts(documentOf([{ kind: "code", text: code }]), spec("structure"));
    expect(chunks.length).toBeGreaterThan(1);
    for (const text of chunks) expect(text).toMatch(/^call\(.*\);$/su);
  });

  it("cuts a long paragraph at sentence ends, then clauses, then words", () => {
    const sentences = [`One ${words(24)}.`, `Two ${words(24)}.`, `Then Dr. ${words(20)}.`];
    expect(texts(plainDocument(sentences.join(" ")), spec("structure"))).toEqual(sentences);
    expect(texts(plainDocument(`${words(30)}, ${words(30)}.`), spec("structure"))).toEqual([`${words(30)},`, `${words(30)}.`]);
    expect(texts(plainDocument(words(60)), spec("structure"))).toEqual([words(30), words(30)]);
  });

  it("halves a section a little over the limit instead of leaving a crumb", () => {
    const document = documentOf(Array.from({ length: 5 }, () => ({ kind: "paragraph" as const, text: words(9) })));
    expect(chunk(document, spec("structure")).map(({ tokenCount }) => tokenCount)).toEqual([27, 18]);
    expect(chunk(document, spec("recursive")).map(({ tokenCount }) => tokenCount)).toEqual([36, 9]);
  });

  it("repeats nothing without overlap, and the last sentences with it", () => {
    const sentences = Array.from({ length: 12 }, (_, at) => `Sentence number ${at} is here.`);
    const document = documentOf([{ kind: "paragraph", text: sentences.join(" ") }]);
    const apart = chunk(document, spec("structure", { maxTokens: 24 }));
    for (const [at, each] of apart.entries()) if (at > 0) expect(each.start).toBeGreaterThanOrEqual(apart[at - 1]?.end ?? 0);
    const joined = chunk(document, spec("structure", { maxTokens: 24, overlapTokens: 8 }));
    for (const [at, each] of joined.entries()) {
      if (at === 0) continue;
      const before = joined[at - 1];
      expect(each.start).toBeLessThan(before?.end ?? 0);
      expect(countTokens(document.text.slice(each.start, before?.end))).toBeLessThanOrEqual(8);
    }
  });
});

describe("sentence-window in detail", () => {
  it("cites one sentence and embeds its neighbours of the same section", () => {
    const document = documentOf([
      { kind: "heading", text: "Leave" },
      { kind: "paragraph", text: "One is here. Two is here. Three is here. Four is here." },
      { kind: "heading", text: "Pay" },
      { kind: "paragraph", text: "Five is here." },
    ]);
    const chunks = chunk(document, spec("sentence-window", { windowSentences: 1 }));
    expect(chunks.map(({ text }) => text)).toEqual([
      "Leave\n\nOne is here.",
      "Two is here.",
      "Three is here.",
      "Four is here.",
      "Pay\n\nFive is here.",
    ]);
    const context = chunks.map(({ contextSpan }) => contextSpan && document.text.slice(contextSpan.start, contextSpan.end));
    expect(context).toEqual([
      "Leave\n\nOne is here. Two is here.",
      "Leave\n\nOne is here. Two is here. Three is here.",
      "Two is here. Three is here. Four is here.",
      "Three is here. Four is here.",
      undefined,
    ]);
  });
});

describe("semantic in detail", () => {
  const boiler = ["The boiler heats the water.", "A boiler needs cold water.", "Water in the boiler may be hot."];
  const invoice = ["Pay the invoice by bank.", "An invoice is due in June.", "The bank books the invoice."];
  const document = documentOf([{ kind: "paragraph", text: [...boiler, ...invoice].join(" ") }]);
  const chosen = spec("semantic", { maxTokens: 120, breakpointPercentile: 80 });
  const subject = (text: string) => Float32Array.from(/boiler/u.test(text) ? [1, 0] : [0, 1]);
  const request = { document, spec: chosen, countTokens };

  it("cuts where the subject changes", () => {
    const chunker = createChunker("semantic");
    const compared = allSteps(chunker.textsToEmbed?.(request) ?? noSteps());
    expect(compared).toEqual([...boiler, ...invoice]);
    const chunks = chunker.chunk({ ...request, vectors: compared.map(subject) });
    expect(chunks.map(({ text }) => text)).toEqual([boiler.join(" "), invoice.join(" ")]);
    // All alike: nothing to cut at.
    expect(chunker.chunk({ ...request, vectors: compared.map(() => subject("boiler")) })).toHaveLength(1);
  });

  it("never begins a chunk where the one before began, however much may come again", () => {
    const text =
      "Aliquam. Rhoncus eu metus vestibulum sit egestas faucibus rhoncus aenean. Ut cras massa, massa tempus at nibh aliquam elementum massa sed, blandit. A, ligula augue vel dolor. Nunc leo vitae et augue, vestibulum at. Non velit mauris, pulvinar non egestas sodales cubilia massa, gravida blandit pellentesque.";
    const heading = documentOf([{ kind: "heading", text }]);
    const starts = chunk(heading, spec("semantic", { maxTokens: 19, overlapTokens: 8, breakpointPercentile: 1 })).map(({ start }) => start);
    expect(starts).toEqual([...new Set(starts)]);
  });

  it("compares a bounded number of stretches, and refuses to guess without their vectors", () => {
    const long = { ...request, document: documentOf([{ kind: "paragraph", text: "One more sentence stands here. ".repeat(5_000) }]) };
    const compared = allSteps(createChunker("semantic").textsToEmbed?.(long) ?? noSteps());
    expect(compared.length).toBeLessThanOrEqual(2 * mostStretches);
    expect(compared.length).toBeGreaterThan(mostStretches / 2);
    expect(() => createChunker("semantic").chunk(request)).toThrow(/0 vectors for 6 stretches/u);
  });

  it("is driven with an embedder, which other strategies do not need", async () => {
    const embedder = createFakeEmbedder();
    const chunks = await chunkDocument({ chunker: createChunker("semantic"), request: { document, spec: chosen }, embedder });
    expect(chunks.map(({ text }) => text).join(" ")).toBe(document.text);
    const structure = await chunkDocument({
      chunker: createChunker("structure"),
      request: { document, spec: spec("structure") },
      embedder,
    });
    expect(structure.length).toBeGreaterThan(0);
  });

  function* noSteps(): Generator<undefined, string[], undefined> {
    yield;
    return [];
  }
});
