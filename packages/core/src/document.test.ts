import { describe, expect, it } from "vitest";
import { documentOpening, indexedInput } from "./document.ts";
import { sha256 } from "./hash.ts";
import { canonicalJson } from "./json.ts";

describe("indexed input", () => {
  const context = { title: true, headingPath: true };
  it("puts title and headings before the text, each once", () => {
    expect(indexedInput({ title: "Manual", headingPath: ["Care", "Descaling"], text: "Every 90 days.", context })).toBe(
      "Manual\nCare › Descaling\nEvery 90 days.",
    );
    expect(indexedInput({ title: "Manual", headingPath: ["Manual", "Care"], text: "Text.", context })).toBe("Manual › Care\nText.");
    expect(indexedInput({ title: "Manual", headingPath: [], text: "Manual\n\nText.", context })).toBe("Manual\n\nText.");
  });

  it("leaves out what the pipeline does not want", () => {
    expect(indexedInput({ title: "Manual", headingPath: ["Care"], text: "T", context: { title: false, headingPath: false } })).toBe("T");
    expect(indexedInput({ title: null, headingPath: [], text: "T", context })).toBe("T");
  });
});

describe("a document's opening", () => {
  const text = "# Manual\n\nIt makes coffee. It weighs 14 kg.";
  const blocks = [
    { kind: "heading" as const, start: 0, end: 8, headingPath: [] },
    { kind: "paragraph" as const, start: 10, end: text.length, headingPath: ["Manual"] },
  ];
  it("is the first sentence of the first paragraph, where there is a short one", () => {
    expect(documentOpening({ text, blocks, language: "en" })).toBe("It makes coffee.");
    expect(documentOpening({ text, blocks: blocks.slice(0, 1), language: "en" })).toBeNull();
    const long = `${"word ".repeat(80)}end.`;
    expect(
      documentOpening({ text: long, blocks: [{ kind: "paragraph", start: 0, end: long.length, headingPath: [] }], language: null }),
    ).toBeNull();
  });

  it("stands between title and headings of other chunks when the pipeline wants it", () => {
    const chunk = { title: "Manual", headingPath: ["Care"], text: "Every 90 days.", opening: "It makes coffee." };
    const context = { title: true, headingPath: true, opening: true };
    expect(indexedInput({ ...chunk, context })).toBe("Manual\nIt makes coffee.\nCare\nEvery 90 days.");
    expect(indexedInput({ ...chunk, text: "It makes coffee. Really.", context })).toBe("Manual\nCare\nIt makes coffee. Really.");
    expect(indexedInput({ ...chunk, context: { ...context, opening: false } })).toBe("Manual\nCare\nEvery 90 days.");
  });
});

describe("canonical JSON", () => {
  it("is the same for equal values", () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: "x" })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
    expect(sha256(canonicalJson({ a: 1, b: 2 }))).toBe(sha256(canonicalJson({ b: 2, a: 1 })));
    expect(sha256("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});
