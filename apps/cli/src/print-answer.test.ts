import type { AnswerEvent } from "@footnote/sdk";
import { expect, it } from "vitest";
import { createOutput } from "@footnote/terminal";
import { printAnswer, unsupportedSentence } from "./print-answer.ts";
import { fakeTerminal } from "@footnote/terminal/testing";

const citation = (marker: number, quote: string, page?: number): AnswerEvent => ({
  type: "citation",
  id: `c${marker}${quote}`,
  marker,
  answerSpan: { start: 0, end: 1 },
  sourceSpan: { start: 0, end: 1 },
  quote,
  verification: "exact",
  source: { documentId: "doc_1", versionId: "ver_1", chunkId: "chk_1", title: marker === 1 ? "Manual" : null, ...(page ? { page } : {}) },
});
const claim: AnswerEvent = { type: "claim", answerSpan: { start: 0, end: 1 }, support: "supported" };
const end = (finishReason: "stop" | "unsupported" | "error"): AnswerEvent => ({
  type: "answer-end",
  finishReason,
  usage: { model: "extractive", promptTokens: 0, completionTokens: 0, cachedTokens: 0, embeddedTokens: 0, modelCalls: 0 },
  cost: { currency: "USD", embed: 0, rerank: 0, generate: 0, total: 0 },
  timings: {},
  degraded: [],
});

async function print(events: AnswerEvent[], json = false) {
  const terminal = fakeTerminal();
  async function* stream() {
    yield* events;
  }
  const result = await printAnswer(stream(), createOutput({ json, terminal }));
  return { ...result, text: terminal.out() };
}

it("sets the numbers behind their sentences and the footnotes below", async () => {
  const { text, finishReason } = await print([
    { type: "text-delta", text: "The boiler lasts seven years. " },
    citation(1, "seven\n years", 3),
    claim,
    { type: "text-delta", text: "Clean it monthly." },
    citation(2, "monthly"),
    citation(1, "clean", 3),
    claim,
    end("stop"),
  ]);
  expect(finishReason).toBe("stop");
  expect(text).toBe(
    "The boiler lasts seven years. [1] Clean it monthly. [2] [1]\n\n[1] Manual, page 3\n    “seven years”\n    “clean”\n[2] doc_1\n    “monthly”\n",
  );
});

it("does not repeat numbers that stand in the text", async () => {
  const { text } = await print([{ type: "text-delta", text: "Seven years [1]." }, citation(1, "seven"), claim, end("stop")]);
  expect(text.startsWith("Seven years [1].\n")).toBe(true);
});

it("says in a sentence that the documents do not hold the answer", async () => {
  expect(await print([end("unsupported")])).toEqual({ finishReason: "unsupported", text: `${unsupportedSentence}\n` });
  const said = await print([{ type: "text-delta", text: unsupportedSentence }, end("unsupported")]);
  expect(said.text).toBe(`${unsupportedSentence}\n`);
});

it("is an error when the stream ends without an end", async () => {
  expect((await print([{ type: "text-delta", text: "Half" }])).finishReason).toBe("error");
});

it("passes the events on with --json", async () => {
  const { text } = await print([{ type: "text-delta", text: "x" }, end("stop")], true);
  expect(
    text
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line).type),
  ).toEqual(["text-delta", "answer-end"]);
});
