import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { splitSentences } from "@footnote/core";
import { createFakeEmbedder } from "@footnote/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDeterministicJudge } from "./deterministic-judge.ts";
import { corruptions, corruptSentence } from "./testing/corrupt-sentence.ts";

const fake = createFakeEmbedder({ dimensions: 256 });
const embed = async (texts: readonly string[]) => (await fake.embed({ texts, purpose: "passage" })).map(({ vector }) => vector);
const judge = createDeterministicJudge({ embed });

async function verdict(claim: string, evidence: string | string[], question?: string) {
  const texts = typeof evidence === "string" ? [evidence] : evidence;
  const { verdicts, usd, modelCalls } = await judge.judge({ items: [{ claim, evidence: texts, ...(question ? { question } : {}) }] });
  expect({ usd, modelCalls, count: verdicts.length }).toEqual({ usd: 0, modelCalls: 0, count: 1 });
  return verdicts[0] ?? { support: "none", score: Number.NaN, reason: "" };
}
const support = async (...given: Parameters<typeof verdict>) => (await verdict(...given)).support;

interface Sentence {
  text: string;
  before: string;
  after: string;
}

const folder = join(import.meta.dirname, "../../../../examples/handbook/documents");

/** Sentences of the sample documents that are text files. */
function handbookSentences(): Sentence[] {
  const found: Sentence[] = [];
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted()) {
    if (!/\.(?:md|txt|eml)$/u.test(path)) continue;
    const text = readFileSync(join(folder, path), "utf8");
    const sentences = splitSentences(text)
      .map(({ start, end }) => text.slice(start, end))
      .filter((sentence) => sentence.endsWith(".") && sentence.split(/\s+/u).length > 4);
    for (const [at, sentence] of sentences.entries()) {
      found.push({ text: sentence, before: sentences[at - 1] ?? "", after: sentences[at + 1] ?? "" });
    }
  }
  return found;
}
const handbook = handbookSentences();

const words = fc.constantFrom(
  ..."station sensor report manager customer invoice window battery contract shift garage licence meeting colleague traveller bicycle".split(
    " ",
  ),
);
const sentence = fc
  .tuple(
    words,
    fc.constantFrom("must", "may", "can", "is to", "has to"),
    fc.constantFrom("keep", "send", "check", "repair", "cover"),
    words,
    words,
  )
  .chain(([a, modal, verb, b, c]) =>
    fc
      .record({ number: fc.integer({ min: 2, max: 9_999 }), unit: fc.constantFrom("days", "euros", "metres", "kg", "minutes", "pages") })
      .map((amount) => ({
        ...amount,
        text: `The ${a} ${modal} ${verb} the ${b} near the ${c} for ${amount.number} ${amount.unit}.`,
      })),
  );

describe("what is always so", () => {
  it("supports a verbatim quote, whatever stands around it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sentence, { maxLength: 3 }),
        sentence,
        fc.array(sentence, { maxLength: 3 }),
        async (before, quoted, after) => {
          const text = [...before, quoted, ...after].map((one) => one.text).join(" ");
          expect(await verdict(quoted.text, text)).toEqual({ support: "supported", score: 1 });
          expect(await support(quoted.text.toUpperCase().replace(".", ""), ["Something else.", text])).toBe("supported");
        },
      ),
      { numRuns: 60 },
    );
  });

  it("supports every sentence of the handbook by itself, and two together", async () => {
    for (const { text, before } of handbook) {
      expect(await verdict(text, `${before}\n${text}`)).toEqual({ support: "supported", score: 1 });
      const two = `${before} ${text}`.trim();
      expect(await support(two, `${two} And so on.`)).toBe("supported");
    }
  });

  it("never supports a swapped number, alone or among other sentences", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sentence, { maxLength: 2 }), sentence, fc.integer({ min: 2, max: 9_999 }), async (others, said, number) => {
        fc.pre(number !== said.number);
        const claim = said.text.replace(String(said.number), String(number));
        expect(await support(claim, said.text)).toBe("unsupported");
        // Also where another sentence happens to say the number of something else.
        const evidence = [...others.filter((other) => !other.text.includes(` ${number} ${said.unit}`)), said]
          .map((one) => one.text)
          .join(" ");
        expect(await support(claim, evidence)).not.toBe("supported");
      }),
      { numRuns: 100 },
    );
  });

  it("never supports two numbers that changed places", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 500 }), fc.integer({ min: 2, max: 500 }), words, words, async (a, b, first, second) => {
        fc.pre(a !== b && first !== second);
        const say = (x: number, y: number) => `It is ${x} euros for the ${first} and ${y} euros for the ${second}.`;
        expect(await support(say(b, a), say(a, b))).toBe("unsupported");
      }),
      { numRuns: 60 },
    );
  });

  it("gives the same verdict in whatever company", async () => {
    const items = handbook.slice(0, 8).map(({ text, after }) => ({ claim: after || text, evidence: [text] }));
    const together = await judge.judge({ items });
    for (const [at, item] of items.entries()) expect((await judge.judge({ items: [item] })).verdicts[0]).toEqual(together.verdicts[at]);
  });
});

describe("a generator with a known share of unsupported sentences", () => {
  it.each([0, 0.15, 0.3, 0.5])("is scored within 0.05 of a share of %f", async (share) => {
    const items: { claim: string; evidence: string[] }[] = [];
    let wrong = 0;
    for (const [at, { text, before, after }] of handbook.entries()) {
      const evidence = [`${before} ${text} ${after}`.trim()];
      const isWrong = Math.floor((at + 1) * share) > Math.floor(at * share);
      const bad = isWrong ? corruptSentence(text, corruptions[wrong % corruptions.length] ?? "number") : null;
      if (isWrong) wrong += 1;
      // Where there is nothing to corrupt it says what stands in another document, or invents something.
      const invented =
        wrong % 2 === 0 ? handbook[(at + 40) % handbook.length]?.text : "The canteen serves free lobster to every visitor on Fridays.";
      items.push({ claim: isWrong ? (bad ?? invented ?? "") : text, evidence });
    }
    const { verdicts } = await judge.judge({ items });
    const unsupported = verdicts.filter((one) => one.support !== "supported").length / verdicts.length;
    expect(Math.abs(unsupported - wrong / handbook.length)).toBeLessThanOrEqual(0.05);
  });

  it.each(corruptions)("is caught at every wrong %s", async (corruption) => {
    let tried = 0;
    for (const { text, before, after } of handbook) {
      const claim = corruptSentence(text, corruption);
      if (claim === null) continue;
      tried += 1;
      expect([claim, await support(claim, text)]).toEqual([claim, "unsupported"]);
      expect([claim, await support(claim, `${before} ${text} ${after}`)]).toEqual([claim, "unsupported"]);
    }
    expect(tried).toBeGreaterThan(25);
  });

  it("is caught when it cites the neighbour of the right sentence", async () => {
    let supported = 0;
    for (const { text, after } of handbook) if (after !== "" && (await support(after, text)) === "supported") supported += 1;
    expect(supported).toBe(0);
  });
});

describe("paraphrases", () => {
  it.each([
    ["The warranty of the Skua 3 lasts three years.", "The Skua 3 carries a warranty of three years."],
    ["Employees have 30 days of paid leave in 2026.", "Full-time employees have 30 days of paid leave in 2026."],
    ["A calibration takes 5 working days and costs 140 euros.", "A calibration costs 140 euros and takes five working days."],
    ["Version 1 of the API is switched off on 2026-09-30.", "Version 1 of the API is switched off on 30 September 2026."],
    ["The allowance is paid within 1 hour.", "The allowance is paid within 60 minutes."],
    ["The revenue was 8,900,000 euros.", "The revenue was 8.9 million euros."],
    ["Passwords are never sent by mail.", "Passwords are not sent by mail, and nobody asks for one."],
  ])("supports %s", async (claim, evidence) => expect(await support(claim, evidence)).toBe("supported"));

  it.each([
    ["bound", "A password has at most 14 characters.", "A password has at least 14 characters."],
    ["opposite", "The change increases the price of a repair.", "The change decreases the price of a repair."],
    ["opposite by a prefix", "The device is unsafe in the rain.", "The device is safe in the rain."],
    ["name", "Expense reports go to Bergen.", "Expense reports go to Oslo."],
    ["first word", "Norway pays the fee for every station.", "Larkfield pays the fee for every station."],
    ["names in each other's place", "Bergen United beat Oslo Rovers in the final.", "Oslo Rovers beat Bergen United in the final."],
    ["negation taken out", "The warranty covers damage by lightning.", "The warranty does not cover damage by lightning."],
    ["day of the week", "The rotation changes every Monday.", "The rotation changes every Tuesday."],
    ["month", "The invoice is due in June.", "The invoice is due in July."],
    ["unit that is not there", "The limit is 190 euros.", "The limit is 190 a night."],
    ["version", "The Skua 3 measures wind up to 75 metres per second.", "The Skua 4 measures wind up to 75 metres per second."],
  ])("refuses another %s", async (_, claim, evidence) => {
    const { support: found, reason, score } = await verdict(claim, evidence);
    expect(found).toBe("unsupported");
    expect(reason).toMatch(/^the evidence /u);
    expect(score).toBeLessThanOrEqual(0.1);
  });

  it.each([
    ["The traveller must cover the invoice near the colleague for 9988 pages.", "days"],
    ["The traveller must cover the invoice near the colleague for 9988 days.", "pages"],
    ["The traveller must cover the invoice near the colleague for 9988 days.", "days"],
    ["Form 9988 is for the traveller.", "days"],
  ])("refuses a number that the evidence says of something else: %s", async (other, unit) => {
    const say = (number: number) => `The station must keep the sensor near the garage for ${number} ${unit}.`;
    expect(await support(say(9988), `${other} ${say(2)}`)).toBe("unsupported");
    expect(await support(say(9988), `${say(2)} ${other}`)).toBe("unsupported");
  });

  it.each([
    ["It lasts 9988 days.", "It lasts 2 days. It has 9988 pages."],
    ["It has 9988 pages.", "It has 2 pages. It lasts 9988 days."],
  ])("refuses it in a short claim, too: %s", async (claim, evidence) => expect(await support(claim, evidence)).toBe("unsupported"));

  it.each([
    ["The deposit for cars is 80 euros.", "The deposit for bicycles is 50 euros. The deposit is 80 euros for cars."],
    ["The hotel limit for Norway is 190 euros.", "Hotel limit in euros: Norway 190, Denmark 170."],
    ["The hotel limit for Norway is 190 euros.", "Hotel limit, euros | Norway | 190 | Oslo | Denmark | 170 | Aarhus"],
  ])("supports a number that stands beside others of its kind: %s", async (claim, evidence) =>
    expect(await support(claim, evidence)).toBe("supported"),
  );

  it.each([
    ["The annual fee is €120.", "The annual fee is due on 1 March 2026. It is €120."],
    ["The annual fee is €120.", "The annual fee is due on 1 March 2026. Currently it amounts to €120."],
    ["The rebate for members is 15%.", "The rebate for members was introduced in 2024. It is 15%."],
    ["The WiFi code is 4711.", "The WiFi code changes every 30 days. At the moment it is 4711."],
    ["The company has 240 employees.", "The company had 12 employees in 1990. Today it has 240."],
    ["The hotline is 4711.", "The hotline is open from 8 to 18. Dial 4711."],
    ["The current version is 3.2.", "The current version replaced 3.1 in May. It is called 3.2."],
  ])("supports a number that the next sentence says of what the one before names: %s", async (claim, evidence) =>
    expect(await support(claim, evidence)).toBe("supported"),
  );

  it.each([
    ["The bridge was built in 1950.", "The bridge was built in 1890. It was closed in 1950."],
    ["The company had 240 employees in 1990.", "The company had 12 employees in 1990. Today it has 240."],
    ["Adults pay 50 euros.", "Adults pay 80 euros. Children: 50 euros."],
    ["Adults: 50 euros.", "Adults: 80 euros.\nChildren: 50 euros."],
  ])("refuses it where the one before says the same with another number: %s", async (claim, evidence) =>
    expect(await support(claim, evidence)).toBe("unsupported"),
  );

  const profits = "Item | 2022 | 2023\nProfit before tax | 1,105 | 1,310\nProfit after tax | 830 | 985";
  it("supports a cell of a table whose header is a number", async () => {
    expect(await support("In 2023 the profit before tax was 1,310.", profits)).toBe("supported");
    expect(await support("In 2022 the profit after tax was 830.", profits)).toBe("supported");
  });

  it("refuses a cell of another row", async () => {
    expect(await support("In 2023 the profit after tax was 1,310.", profits)).toBe("unsupported");
  });

  it("does not take two denials for a contradiction", async () => {
    expect(await support("The device is not safe in the rain.", "The device is unsafe in the rain.")).not.toBe("unsupported");
  });

  it("lets a claim name what only the question names, unless the evidence is about another", async () => {
    const question = "How long is the warranty of the Skua 3?";
    const claim = "The Skua 3 carries a warranty of five years.";
    expect(await support(claim, "It carries a warranty of five years.", question)).toBe("supported");
    expect(await support(claim, "It carries a warranty of five years.")).toBe("unsupported");
    expect(await support(claim, "The Skua 4 carries a warranty of five years.", question)).toBe("unsupported");
  });

  it("calls a sentence of which half is borne out partly supported, and one with a false half unsupported", async () => {
    const evidence = "The deposit is 50 euros.";
    expect(await support("The deposit is 50 euros; the garage is closed on holidays.", evidence)).toBe("partial");
    expect(await support("The deposit is 50 euros, and the deposit is 80 euros.", evidence)).toBe("unsupported");
  });
});

describe("edges", () => {
  it("finds nothing supported by no evidence, and nothing stated by nothing", async () => {
    expect(await verdict("The sky is blue.", [])).toMatchObject({ support: "unsupported", score: 0 });
    expect(await verdict("The sky is blue.", ["", "  "])).toMatchObject({ support: "unsupported", score: 0 });
    expect(await verdict(" … ", "The sky is blue.")).toMatchObject({ support: "unsupported", score: 0 });
  });

  it("says when the embedder gave too few vectors, and stops when told to", async () => {
    const broken = createDeterministicJudge({ embed: async () => [] });
    await expect(broken.judge({ items: [{ claim: "One thing is so.", evidence: ["Another thing is so."] }] })).rejects.toMatchObject({
      code: "embedding_failed",
      retryable: true,
    });
    const signal = AbortSignal.abort();
    await expect(judge.judge({ items: [{ claim: "One.", evidence: ["Two."] }], signal })).rejects.toMatchObject({ code: "cancelled" });
  });

  it("embeds no text twice while it remembers it, and forgets the oldest", async () => {
    const seen: string[] = [];
    const counting = createDeterministicJudge({
      cachedVectors: 2,
      embed: async (texts) => {
        seen.push(...texts);
        return embed(texts);
      },
    });
    const item = { claim: "The reader reads.", evidence: ["A reader was reading."] };
    await counting.judge({ items: [item, item] });
    expect(seen).toHaveLength(2);
    await counting.judge({ items: [{ claim: "The writer writes.", evidence: ["A writer was writing."] }, item] });
    expect(seen).toHaveLength(6);
  });
});
