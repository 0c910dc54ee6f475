/* oxlint-disable vitest/no-conditional-expect, vitest/expect-expect -- properties look at each chunk of a list */
import { createFakeEmbedder } from "@footnote/core/testing";
import { canonicalText, splitsSurrogatePair } from "@footnote/core";
import type { Block, BlockKind, ChunkDraft, ChunkerSpec, ChunkRequest, ParsedDocument } from "@footnote/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunkDocument } from "./chunk-document.ts";
import { createChunker } from "./create-chunker.ts";
import { mostStretches } from "./semantic.ts";
import { allSteps } from "./steps.ts";

const strategies = ["recursive", "structure", "sentence-window", "semantic"] as const;

/** Counts like a tokenizer: a word of ASCII letters is one token for each six letters, anything else one a code point. */
const countTokens = (text: string) =>
  (text.match(/[A-Za-z0-9]+|[^\s]/gu) ?? []).reduce((sum, word) => sum + (/^[A-Za-z0-9]/u.test(word) ? Math.ceil(word.length / 6) : 1), 0);

const spec = (strategy: ChunkerSpec["strategy"], changes: Partial<ChunkerSpec> = {}): ChunkerSpec => ({
  strategy,
  maxTokens: 40,
  overlapTokens: 0,
  windowSentences: 2,
  breakpointPercentile: 80,
  ...changes,
});

type Part = { kind: BlockKind; text: string; path?: string[] } & Partial<Pick<Block, "group" | "page" | "boxes" | "level" | "header">>;

/** A parsed document from blocks, with a blank line between them and the heading path kept as parsers do. */
function documentOf(parts: readonly Part[], changes: Partial<ParsedDocument> = {}): ParsedDocument {
  let text = "";
  let path: string[] = [];
  const blocks: Block[] = [];
  for (const { kind, text: raw, path: given, ...rest } of parts) {
    const content = canonicalText(raw);
    if (content.trim() === "") continue;
    if (text !== "") text += "\n\n";
    if (kind === "heading") path = path.slice(0, (rest.level ?? 1) - 1);
    blocks.push({ kind, start: text.length, end: text.length + content.length, headingPath: given ?? [...path], ...rest });
    if (kind === "heading") path = [...path, content];
    text += content;
  }
  return { title: null, mediaType: "text/plain", language: "en", text, blocks, pages: [], warnings: [], ...changes };
}

const plain = (text: string): ParsedDocument => ({ ...documentOf([]), text: canonicalText(text) });

const chunk = (document: ParsedDocument, chosen: ChunkerSpec, count = countTokens): ChunkDraft[] => {
  const request = { document, spec: chosen, countTokens: count };
  return createChunker(chosen.strategy).chunk({ ...request, ...vectorsFor(request) });
};

/** A vector for each text that the strategy compares: its letters, counted. */
function vectorsFor(request: ChunkRequest): { vectors?: Float32Array[] } {
  const texts = createChunker(request.spec.strategy).textsToEmbed?.(request);
  return texts ? { vectors: allSteps(texts).map(letterCounts) } : {};
}

function letterCounts(text: string): Float32Array {
  const counts = new Float32Array(16);
  for (const letter of text) {
    const at = (letter.codePointAt(0) ?? 0) % 16;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const norm = Math.hypot(...counts) || 1;
  return counts.map((count) => count / norm);
}

const texts = (document: ParsedDocument, chosen: ChunkerSpec) => chunk(document, chosen).map(({ text }) => text);

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

const sample = fc.oneof(
  fc.lorem({ maxCount: 40 }),
  fc.lorem({ maxCount: 12, mode: "sentences" }),
  fc.string({ unit: "grapheme", maxLength: 120 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "今日は晴れです。明日は雨です。".repeat(8),
    "هذا نص عربي طويل بعض الشيء، وفيه فواصل. ".repeat(6),
    "👩‍👩‍👧‍👦🇩🇪👍🏽".repeat(30),
    "e\u0301a\u0308".repeat(80),
    "x".repeat(900),
    "ภาษาไทยไม่มีช่องว่าง".repeat(12),
    "a,b;c ".repeat(60),
  ),
);
const parts = fc.array(
  fc.record(
    {
      kind: fc.constantFrom<BlockKind>("heading", "paragraph", "paragraph", "list-item", "table-row", "code", "quote"),
      text: fc.array(sample, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join(" ")),
      group: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: ["kind", "text"] },
  ),
  { maxLength: 10 },
);

describe.each(strategies)("%s", (strategy) => {
  const specs = fc.record({
    strategy: fc.constant(strategy),
    maxTokens: fc.integer({ min: 16, max: 120 }),
    overlapTokens: fc.integer({ min: 0, max: 8 }),
    windowSentences: fc.integer({ min: 0, max: 3 }),
    breakpointPercentile: fc.integer({ min: 1, max: 99 }),
  });

  it("keeps spans true, covers all text in order, stays within the limit, and gives the same again", () => {
    fc.assert(
      fc.property(parts, specs, fc.boolean(), (list, chosen, blockless) => {
        const parsed = documentOf(list);
        const document = blockless ? plain(parsed.text) : parsed;
        const { text } = document;
        const chunks = chunk(document, chosen);
        const edges = new Set([text.length]);
        for (const { index } of graphemes.segment(text)) edges.add(index);
        let covered = 0;
        let before = -1;
        for (const each of chunks) {
          expect(each.text).toBe(text.slice(each.start, each.end));
          expect(each.text.trim()).toBe(each.text);
          expect(each.text).not.toBe("");
          expect(each.start).toBeGreaterThan(before);
          before = each.start;
          expect(text.slice(covered, Math.max(covered, each.start)).trim()).toBe("");
          covered = Math.max(covered, each.end);
          expect(each.tokenCount).toBe(countTokens(each.text));
          const single = [...graphemes.segment(each.text)].length === 1;
          if (!single) expect(each.tokenCount).toBeLessThanOrEqual(chosen.maxTokens);
          for (const at of [each.start, each.end]) {
            expect(splitsSurrogatePair(text, at)).toBe(false);
            // A blank and the mark after it make one grapheme, which a cut at the blank may part.
            if (!edges.has(at)) expect(text.slice(at - 1, at).trim() === "" || blockEdges(document).has(at)).toBe(true);
          }
          if (each.contextSpan !== undefined) {
            expect(each.contextSpan.start).toBeLessThanOrEqual(each.start);
            expect(each.contextSpan.end).toBeGreaterThanOrEqual(each.end);
            expect(countTokens(text.slice(each.contextSpan.start, each.contextSpan.end))).toBeLessThanOrEqual(chosen.maxTokens + 4);
          }
        }
        expect(text.slice(covered).trim()).toBe("");
        expect(chunk(document, chosen)).toEqual(chunks);
      }),
      { numRuns: 150 },
    );
  });

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
      chunk(plain(unit.repeat(repeats)), spec(strategy), (text) => {
        characters += text.length;
        return countTokens(text);
      });
      return characters / (unit.length * repeats);
    };
    expect(counted(2000)).toBeLessThan(6);
    expect(counted(8000)).toBeLessThan(6);
  });

  it("gives nothing for a blank document", () => {
    expect(chunk(plain(""), spec(strategy))).toEqual([]);
    expect(chunk(plain(" \n\n\t"), spec(strategy))).toEqual([]);
  });

  it("does not let a blob that is one token to the model fill a chunk", () => {
    const chunks = chunk(plain("x".repeat(10_000)), spec(strategy), (text) => (text.trim() === "" ? 0 : 1));
    expect(Math.max(...chunks.map((each) => each.text.length))).toBeLessThanOrEqual(40 * 16);
  });

  it("carries page, boxes and heading path", () => {
    const box = (page: number, y: number) => ({ page, x: 10, y, width: 100, height: 12 });
    const document = documentOf([
      { kind: "heading", text: "Leave", level: 1, page: 1, boxes: [box(1, 20)] },
      { kind: "paragraph", text: "Staff get 25 days.", page: 1, boxes: [box(1, 40)] },
      { kind: "heading", text: "Sick leave", level: 2, page: 2, boxes: [box(2, 20)] },
      { kind: "paragraph", text: "word ".repeat(39).trim(), page: 2, boxes: [box(2, 40), box(3, 10)] },
    ]);
    const chunks = chunk(document, spec(strategy));
    expect(chunks[0]).toMatchObject({ page: 1, headingPath: ["Leave"] });
    expect(chunks[0]?.boxes?.slice(0, 2)).toEqual([box(1, 20), box(1, 40)]);
    expect(chunks.at(-1)).toMatchObject({ headingPath: ["Leave", "Sick leave"] });
    expect(chunks.at(-1)?.boxes).toContainEqual(box(3, 10));
  });

  it("finds the page in the list of pages when blocks do not say", () => {
    const document: ParsedDocument = {
      ...plain("One.\n\nTwo."),
      pages: [
        { number: 1, start: 0, end: 5 },
        { number: 2, start: 5, end: 10 },
      ],
    };
    expect(chunk(document, spec(strategy, { maxTokens: 16 })).at(-1)?.page).toBe(strategy === "sentence-window" ? 2 : 1);
    expect(chunk(plain("One."), spec(strategy))[0]).not.toHaveProperty("page");
  });

  it("survives blocks that overlap, lie beyond the text or out of order", () => {
    const text = "First block here. Second block here. Loose text.";
    const block = (start: number, end: number): Block => ({ kind: "paragraph", start, end, headingPath: [] });
    const document = { ...plain(text), blocks: [block(18, 36), block(0, 25), block(30, 900), block(40, 41), block(5, 2)] };
    const covered = new Set(
      chunk(document, spec(strategy)).flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)),
    );
    for (let at = 0; at < text.length; at++) if (text[at] !== " ") expect(covered).toContain(at);
  });

  it("works with an embedder's own count", () => {
    const { countTokens: count } = createFakeEmbedder();
    const chunks = chunk(plain("Some words here. ".repeat(40)), spec(strategy, { maxTokens: 16 }), count);
    expect(Math.max(...chunks.map((each) => each.tokenCount))).toBeLessThanOrEqual(16);
  });
});

function blockEdges({ blocks }: ParsedDocument): Set<number> {
  return new Set(blocks.flatMap(({ start, end }) => [start, end]));
}

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
    const row = (name: string, size: number, group: number): Part => ({ kind: "table-row", text: `${name} ${words(size, "cell")}`, group });
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
    expect(texts(plain(sentences.join(" ")), spec("structure"))).toEqual(sentences);
    expect(texts(plain(`${words(30)}, ${words(30)}.`), spec("structure"))).toEqual([`${words(30)},`, `${words(30)}.`]);
    expect(texts(plain(words(60)), spec("structure"))).toEqual([words(30), words(30)]);
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

it.each(strategies)("%s: long documents are chunked in many short steps, with the same chunks", (strategy) => {
  const count = (value: string) => value.match(/\S/gu)?.length ?? 0;
  const spec = { strategy, maxTokens: 50, overlapTokens: 0, windowSentences: 1, breakpointPercentile: 90 };
  for (const text of ["One word after another, always. ".repeat(400), "x".repeat(40_000), "漢字".repeat(5_000)]) {
    const document = { title: null, mediaType: "text/plain", language: null, text, blocks: [], pages: [], warnings: [] };
    const chunker = createChunker(strategy);
    let longest = 0;
    let counted = 0;
    const vectors = vectorsFor({ document, spec, countTokens: count });
    const steps = chunker.chunkInSteps?.({ document, spec, countTokens: (value) => ((counted += value.length), count(value)), ...vectors });
    let result: unknown;
    for (let steppedOver = steps?.next(); steppedOver; steppedOver = steps?.next()) {
      longest = Math.max(longest, counted);
      counted = 0;
      if (steppedOver.done) {
        result = steppedOver.value;
        break;
      }
    }
    expect(result).toEqual(chunker.chunk({ document, spec, countTokens: count, ...vectors }));
    expect(longest).toBeGreaterThan(0);
    expect({ strategy, short: longest < Math.max(16_000, text.length) }).toEqual({ strategy, short: true });
  }
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
