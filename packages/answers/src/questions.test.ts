import { describe, expect, test } from "vitest";
import { judgeSupport } from "./claim-support.ts";
import { contextualizeQuestion } from "./contextualize-question.ts";
import { isNegated, numberTokens } from "./number-tokens.ts";
import { splitQuestion } from "./split-question.ts";
import { plainTerms } from "./terms.ts";

describe("splitQuestion", () => {
  test.each([
    [
      "How long is the boiler guaranteed and how often must it be descaled?",
      ["How long is the boiler guaranteed?", "how often must it be descaled?"],
    ],
    ["What is the deposit? When is it paid back?", ["What is the deposit?", "When is it paid back?"]],
    ["How much do salt and pepper cost?", ["How much do salt and pepper cost?"]],
    ["I bought a bike and what now?", ["I bought a bike and what now?"]],
    ["Wie hoch ist die Kaution und wann wird sie zurückgezahlt?", ["Wie hoch ist die Kaution?", "wann wird sie zurückgezahlt?"]],
  ])("%s", (question, parts) => expect(splitQuestion(question)).toEqual(parts));

  test("has four parts at most and loses no words", () => {
    const question = Array.from({ length: 9 }, (_, i) => `What is number ${i}?`).join(" ");
    const parts = splitQuestion(question);
    expect(parts).toHaveLength(4);
    expect(parts.join(" ")).toBe(question);
  });
});

describe("contextualizeQuestion", () => {
  const history = [{ question: "How long is the boiler of the Falcon guaranteed?" }];
  test.each([
    ["And the pump?", "And the pump? (boiler Falcon guaranteed)"],
    ["How heavy is it?", "How heavy is it? (boiler Falcon guaranteed)"],
    ["Who founded Larkfield in Bergen?", "Who founded Larkfield in Bergen?"],
  ])("%s", (question, completed) => expect(contextualizeQuestion(question, history)).toBe(completed));

  test("without a history is the question; a chain of follow-ups keeps the subject", () => {
    expect(contextualizeQuestion("And it?", [])).toBe("And it?");
    expect(contextualizeQuestion("And why?", [...history, { question: "How heavy is it?" }])).toContain("Falcon");
  });
});

describe("judgeSupport", () => {
  const judge = (sentence: string, ...quotes: string[]) =>
    judgeSupport({ sentence, quotes: quotes.map((text) => ({ text, context: "Falcon manual" })), terms: plainTerms });
  test.each([
    ["The boiler is guaranteed for 7 years.", "The boiler is guaranteed for seven years.", "supported"],
    ["The Falcon boiler is guaranteed for seven years.", "The boiler is guaranteed for seven years.", "supported"],
    ["The boiler is guaranteed for nine years.", "The boiler is guaranteed for seven years.", "unsupported"],
    ["The boiler is not guaranteed.", "The boiler is guaranteed for seven years.", "unsupported"],
    ["The boiler and its copper pipes are guaranteed by law.", "The boiler is guaranteed by contract.", "partial"],
    ["Zebras migrate.", "The boiler is guaranteed for seven years.", "unsupported"],
    ["It is.", "It is.", "unsupported"],
  ])("%s", (sentence, quote, support) => expect(judge(sentence, quote)).toBe(support));
  test("nothing quoted supports nothing", () => expect(judge("The boiler is guaranteed.")).toBe("unsupported"));
});

test("numbers have one notation and negations are seen", () => {
  expect(numberTokens("1,500 or 1.500 or 1500; 14,5 or 14.5; seven, one")).toEqual(["1500", "1500", "1500", "14.5", "14.5", "7"]);
  expect(numberTokens("constructor toString")).toEqual([]);
  expect([isNegated("It doesn’t."), isNegated("Nicht heute"), isNegated("Notable")]).toEqual([true, true, false]);
});
