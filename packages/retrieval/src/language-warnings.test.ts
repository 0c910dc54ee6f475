import { describe, expect, it } from "vitest";
import { languageWarnings } from "./language-warnings.ts";
import { pipelines } from "./pipelines.ts";

const embedder = { space: "minilm", languages: ["en"] };
const spec = pipelines.default;
const german = { ...spec, index: { ...spec.index, analyzer: { language: "de", version: 1 } } };

describe("languageWarnings", () => {
  it("names languages of documents that the embedder does not serve, the commonest first", () => {
    const documents = [
      { language: "en", documents: 20 },
      { language: "fr", documents: 1 },
      { language: "de", documents: 3 },
      { language: null, documents: 2 },
    ];
    expect(languageWarnings({ spec, embedder, documents })).toEqual([
      "4 of 26 documents are in a language that the embedder minilm was not trained for (English): German (3), French (1). Such text is found by its words and hardly by its meaning. Its words match as they are written; stems are those of English.",
    ]);
  });

  it("warns of the collection's own language, with or without documents", () => {
    expect(languageWarnings({ spec: german, embedder, documents: [] })).toEqual([
      expect.stringMatching(/set up for German.*trained for English/u),
    ]);
    const [, second] = languageWarnings({ spec: german, embedder, documents: [{ language: "de", documents: 1 }] });
    expect(second).toMatch(/^1 of 1 document is/u);
    expect(second).not.toMatch(/stems/u);
  });

  it("has nothing to say where all is supported, unknown, or not stated by the embedder", () => {
    expect(
      languageWarnings({
        spec,
        embedder,
        documents: [
          { language: "en", documents: 5 },
          { language: null, documents: 2 },
        ],
      }),
    ).toEqual([]);
    expect(
      languageWarnings({ spec: german, embedder: { space: "hosted", languages: [] }, documents: [{ language: "ja", documents: 5 }] }),
    ).toEqual([]);
    expect(languageWarnings({ spec, embedder, documents: [{ language: "not a tag", documents: 1 }] })[0]).toContain("not a tag (1)");
  });
});
