import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spanScores } from "./span-metrics.ts";

const span = (start: number, end: number, text = "a") => ({ text, start, end });

describe("spanScores", () => {
  it.each([
    ["all and nothing else", [span(0, 10)], [span(0, 10)], { recall: 1, precision: 1, iou: 1 }],
    ["half of it among as much else", [span(0, 10)], [span(5, 15)], { recall: 0.5, precision: 0.5, iou: 1 / 3 }],
    ["another text", [span(0, 10)], [span(0, 10, "b")], { recall: 0, precision: 0, iou: 0 }],
    ["the same twice", [span(0, 10)], [span(0, 10), span(0, 10)], { recall: 1, precision: 0.5, iou: 0.5 }],
    ["annotations that overlap", [span(0, 6), span(4, 10)], [span(0, 10)], { recall: 1, precision: 1, iou: 1 }],
    ["nothing retrieved", [span(0, 10)], [], { recall: 0, precision: 0, iou: 0 }],
    ["nothing relevant", [], [span(0, 10)], { recall: 0, precision: 0, iou: 0 }],
    ["nothing at all", [], [], { recall: 0, precision: 0, iou: 0 }],
  ])("scores %s", (_, relevant, retrieved, expected) => {
    expect(spanScores({ relevant, retrieved })).toEqual(expected);
  });

  it("agrees with counting characters one by one", () => {
    const spans = fc.array(
      fc
        .record({ text: fc.constantFrom("a", "b"), start: fc.nat(30), size: fc.nat(12) })
        .map(({ text, start, size }) => span(start, start + size, text)),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(spans, spans, (relevant, retrieved) => {
        const characters = (list: typeof relevant) =>
          list.flatMap(({ text, start, end }) => Array.from({ length: end - start }, (_, at) => `${text}${start + at}`));
        const wanted = new Set(characters(relevant));
        const got = characters(retrieved);
        const found = new Set(got.filter((each) => wanted.has(each))).size;
        const scores = spanScores({ relevant, retrieved });
        expect(scores.recall).toBeCloseTo(wanted.size === 0 ? 0 : found / wanted.size);
        expect(scores.precision).toBeCloseTo(got.length === 0 ? 0 : found / got.length);
        expect(scores.iou).toBeCloseTo(wanted.size + got.length === 0 ? 0 : found / (wanted.size + got.length - found));
      }),
    );
  });
});
