import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitSentences } from "./sentences.ts";

const sentences = (text: string, language?: string) =>
  splitSentences(text, language === undefined ? {} : { language }).map(({ start, end }) => text.slice(start, end));

describe("splitSentences", () => {
  it.each([
    ["Staff get 25 days. They may carry over five.", ["Staff get 25 days.", "They may carry over five."]],
    ["Dr. Smith met Mrs. Jones. They left.", ["Dr. Smith met Mrs. Jones.", "They left."]],
    ["See Fig. 3 and e.g. Table 2. It pays.", ["See Fig. 3 and e.g. Table 2.", "It pays."]],
    ["The answer is no. No. 7 is free.", ["The answer is no.", "No. 7 is free."]],
    ["It costs 3.14 or 1,000.50 today. Pay now!", ["It costs 3.14 or 1,000.50 today.", "Pay now!"]],
    ["Read https://example.org/a.b?Q=1&R=x!Y now. Then stop.", ["Read https://example.org/a.b?Q=1&R=x!Y now.", "Then stop."]],
    ["J. R. R. Tolkien wrote it. He was English.", ["J. R. R. Tolkien wrote it.", "He was English."]],
    [
      "He lives in the U.S. Army barracks. She lives in the U.S. They met.",
      ["He lives in the U.S. Army barracks.", "She lives in the U.S.", "They met."],
    ],
    ["Take vitamin C. The dose is small.", ["Take vitamin C.", "The dose is small."]],
    ["1. Open the door. 2. Go in.", ["1. Open the door.", "2. Go in."]],
    ["He said “Stop.” Then he left (at last). Fine.", ["He said “Stop.”", "Then he left (at last).", "Fine."]],
    ["Really?! Yes... No.", ["Really?!", "Yes...", "No."]],
    ["Use v2.1.0 of node.js. Restart.", ["Use v2.1.0 of node.js.", "Restart."]],
  ])("splits %j", (text, expected) => {
    expect(sentences(text)).toEqual(expected);
  });

  it("ends sentences at blank lines, headings and list items, and not at wrapped lines", () => {
    expect(sentences("Holidays\n\nStaff get 25 days\n\nof leave.")).toEqual(["Holidays", "Staff get 25 days", "of leave."]);
    expect(sentences("Holidays\nStaff get 25 days.")).toEqual(["Holidays", "Staff get 25 days."]);
    expect(sentences("Bring:\n- a pen\n- Paper\n1. first")).toEqual(["Bring:", "- a pen", "- Paper", "1. first"]);
    const wrapped = "This paragraph was wrapped by its author at sixty\nCharacters a line, as old documents are. Then it\nends.";
    expect(sentences(wrapped)).toEqual([
      "This paragraph was wrapped by its author at sixty\nCharacters a line, as old documents are.",
      "Then it\nends.",
    ]);
  });

  it("knows other scripts and languages", () => {
    expect(sentences("今日は晴れです。明日は雨です！本当?はい。", "ja")).toEqual(["今日は晴れです。", "明日は雨です！", "本当?", "はい。"]);
    expect(sentences("هذا هو الأول. هل هذا هو الثاني؟ نعم.", "ar")).toHaveLength(3);
    expect(sentences("यह पहला है। यह दूसरा है।", "hi")).toHaveLength(2);
    expect(sentences("Am 3. Oktober wird gefeiert, z.B. Einheit. Danach nicht.", "de")).toHaveLength(2);
    expect(sentences("One. Two.", "no such language")).toEqual(["One.", "Two."]);
    expect(splitSentences("One. Two.", { language: null })).toHaveLength(2);
  });

  it("covers every non-blank character once, in order, without blanks at the edges", () => {
    const piece = fc.oneof(
      fc.constantFrom(". ", "! ", "\n", "\n\n", "Dr. ", "U.S. ", "- ", "1. ", "。", " ", "...", "\u00a0", "👩‍👩‍👧 ", "é", "J. "),
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.lorem({ maxCount: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("").toWellFormed();
        let at = 0;
        for (const { start, end } of splitSentences(text)) {
          expect(text.slice(at, start).trim()).toBe("");
          expect(end).toBeGreaterThan(start);
          expect(text.slice(start, end).trim()).toBe(text.slice(start, end));
          at = end;
        }
        expect(text.slice(at).trim()).toBe("");
      }),
    );
  });

  it("gives nothing for blank text", () => {
    expect(splitSentences("")).toEqual([]);
    expect(splitSentences(" \n\t\n ")).toEqual([]);
  });
});
