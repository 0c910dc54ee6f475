/* oxlint-disable vitest/expect-expect, vitest/no-conditional-expect, vitest/valid-title -- a contract: its properties look at each chunk of a list */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Block, BlockKind, ChunkDraft, ParsedDocument } from "../document.ts";
import type { ChunkerSpec } from "../pipeline.ts";
import type { Chunker, ChunkRequest } from "../ports/chunker.ts";
import { splitsSurrogatePair } from "../unicode.ts";
import { countTokens, documentOf, letterCounts, plainDocument } from "./document-of.ts";
import { createFakeEmbedder } from "./fake-embedder.ts";

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

/** What every Chunker does. */
export function chunkerContract(name: string, create: () => Chunker): void {
  const { strategy } = create();
  const spec = (changes: Partial<ChunkerSpec> = {}): ChunkerSpec => ({
    strategy,
    maxTokens: 40,
    overlapTokens: 0,
    windowSentences: 2,
    breakpointPercentile: 80,
    ...changes,
  });
  const chunk = (document: ParsedDocument, chosen: ChunkerSpec = spec(), count = countTokens): ChunkDraft[] => {
    const request = { document, spec: chosen, countTokens: count };
    return create().chunk({ ...request, ...vectorsFor(create(), request) });
  };

  describe(`Chunker contract: ${name}`, () => {
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
          const document = blockless ? plainDocument(parsed.text) : parsed;
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

    it("gives nothing for a blank document", () => {
      expect(chunk(plainDocument(""), spec())).toEqual([]);
      expect(chunk(plainDocument(" \n\n\t"), spec())).toEqual([]);
    });

    it("carries page, boxes and heading path", () => {
      const box = (page: number, y: number) => ({ page, x: 10, y, width: 100, height: 12 });
      const document = documentOf([
        { kind: "heading", text: "Leave", level: 1, page: 1, boxes: [box(1, 20)] },
        { kind: "paragraph", text: "Staff get 25 days.", page: 1, boxes: [box(1, 40)] },
        { kind: "heading", text: "Sick leave", level: 2, page: 2, boxes: [box(2, 20)] },
        { kind: "paragraph", text: "word ".repeat(39).trim(), page: 2, boxes: [box(2, 40), box(3, 10)] },
      ]);
      const chunks = chunk(document, spec());
      expect(chunks[0]).toMatchObject({ page: 1, headingPath: ["Leave"] });
      expect(chunks[0]?.boxes?.slice(0, 2)).toEqual([box(1, 20), box(1, 40)]);
      expect(chunks.at(-1)).toMatchObject({ headingPath: ["Leave", "Sick leave"] });
      expect(chunks.at(-1)?.boxes).toContainEqual(box(3, 10));
    });

    it("survives blocks that overlap, lie beyond the text or out of order", () => {
      const text = "First block here. Second block here. Loose text.";
      const block = (start: number, end: number): Block => ({ kind: "paragraph", start, end, headingPath: [] });
      const document = { ...plainDocument(text), blocks: [block(18, 36), block(0, 25), block(30, 900), block(40, 41), block(5, 2)] };
      const covered = new Set(
        chunk(document, spec()).flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)),
      );
      for (let at = 0; at < text.length; at++) if (text[at] !== " ") expect(covered).toContain(at);
    });

    it("works with an embedder's own count", () => {
      const { countTokens: count } = createFakeEmbedder();
      const chunks = chunk(plainDocument("Some words here. ".repeat(40)), spec({ maxTokens: 16 }), count);
      expect(Math.max(...chunks.map((each) => each.tokenCount))).toBeLessThanOrEqual(16);
    });

    it("chunks long documents in many short steps, with the same chunks", () => {
      const count = (value: string) => value.match(/\S/gu)?.length ?? 0;
      const chosen = spec({ maxTokens: 50, windowSentences: 1, breakpointPercentile: 90 });
      for (const text of ["One word after another, always. ".repeat(400), "x".repeat(40_000), "漢字".repeat(5_000)]) {
        const document = { title: null, mediaType: "text/plain", language: null, text, blocks: [], pages: [], warnings: [] };
        const chunker = create();
        let longest = 0;
        let counted = 0;
        const vectors = vectorsFor(chunker, { document, spec: chosen, countTokens: count });
        const steps = chunker.chunkInSteps?.({
          document,
          spec: chosen,
          countTokens: (value) => ((counted += value.length), count(value)),
          ...vectors,
        });
        let result: unknown;
        for (let steppedOver = steps?.next(); steppedOver; steppedOver = steps?.next()) {
          longest = Math.max(longest, counted);
          counted = 0;
          if (steppedOver.done) {
            result = steppedOver.value;
            break;
          }
        }
        expect(result).toEqual(chunker.chunk({ document, spec: chosen, countTokens: count, ...vectors }));
        expect(longest).toBeGreaterThan(0);
        expect({ strategy, short: longest < Math.max(16_000, text.length) }).toEqual({ strategy, short: true });
      }
    });
  });
}

function blockEdges({ blocks }: ParsedDocument): Set<number> {
  return new Set(blocks.flatMap(({ start, end }) => [start, end]));
}

function vectorsFor(chunker: Chunker, request: ChunkRequest): { vectors?: Float32Array[] } {
  const steps = chunker.textsToEmbed?.(request);
  if (steps === undefined) return {};
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return { vectors: step.value.map(letterCounts) };
}
