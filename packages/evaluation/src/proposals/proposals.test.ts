import { FootnoteError } from "@footnote/core";
import { createScriptedModel } from "@footnote/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvalCases } from "../datasets/eval-dataset.ts";
import { checkCases } from "../datasets/check-cases.ts";
import type { BootstrapDocument } from "./bootstrap-document.ts";
import { candidateCase } from "./candidate-case.ts";
import { proposeByModel } from "./propose-by-model.ts";
import { proposeByTemplate } from "./propose-by-template.ts";
import { type ProposedCase, readProposals, splitOfPlace, writeProposals } from "./proposed-case.ts";
import { questionOfSentence } from "./question-of-sentence.ts";
import { selectProposals } from "./select-proposals.ts";
import { findTables } from "./table-rows.ts";

const manual: BootstrapDocument = {
  id: "manual.md",
  title: "Kiln manual",
  language: "en",
  text: "Kiln manual\n\nFiring\n\nA full load is fired for nine hours. A pyrometer is a device that measures heat. Keep it dry.\n\nCone | Degrees | Use\n04 | 1060 | earthenware\n6 | 1222 | stoneware\n10 | 1305 | porcelain",
  sections: [
    { start: 0, end: 11, headingPath: ["Kiln manual"] },
    { start: 13, end: 114, headingPath: ["Kiln manual", "Firing"] },
    { start: 116, end: 204, headingPath: ["Kiln manual", "Firing"] },
  ],
};
const questionsOf = (proposals: readonly ProposedCase[]) => proposals.map(({ case: { question } }) => question);

describe("questionOfSentence", () => {
  it.each([
    ["Tokens expire after 180 days.", "Tokens expire after how many days?", "number"],
    ["Twelve apprentices began their training.", "How many apprentices began their training?", "number"],
    ["The Skua 4 weighs 1.9 kilograms in all.", "The Skua 4 weighs how many kilograms in all?", "number"],
    ["Version 1 is switched off on 30 September 2026.", "Version 1 is switched off on which date?", "date"],
    ["The game was released January 27, 2011.", "The game was released on which date?", "date"],
    ["Lunch is served between 11:30 and 13:45.", "Lunch is served between what times?", "time"],
    ["The shop is open from 9:00 to 17:30 on weekdays.", "The shop is open from when to when on weekdays?", "time"],
    ["Report sick by 9:30 in the tool.", "Report sick by what time in the tool?", "time"],
    ["Emissions fell by 21 per cent in a year.", "Emissions fell by what percentage in a year?", "share"],
    ["The house in Brackwater opened in 1987.", "The house in Brackwater opened in which year?", "year"],
    ["A hygrometer is an instrument for humidity.", "What is a hygrometer?", "definition"],
    ["Tideline: the board on which actions are tracked.", "What does “Tideline” mean?", "definition"],
  ])("asks for what %s says", (sentence, question, template) => {
    expect(questionOfSentence(sentence)).toEqual({ question, template });
  });

  it.each([
    "It expires after 180 days.",
    "Never do it.",
    "2. Let the concrete set for four days.",
    "The aim is a better world for all of us.",
    "Beyond the limit the API answers with status 429 and the header.",
    "What costs 40 euros a day?",
    "The parts cost 4, 5 and 6.",
    `${"Very ".repeat(40)}long sentences cost 40 euros.`,
    "Since PDF is a neuropeptide, it is short-lived.",
    "Another challenge is the number of players.",
    "Compounding this paucity is a rise in cases.",
    "Families save $800 per person per year.",
    "There were 300–500 million cases of it.",
    "He said “after 40 days” and left.",
  ])("makes nothing of %s", (sentence) => {
    expect(questionOfSentence(sentence)).toBeNull();
  });
});

describe("findTables", () => {
  it("takes runs of lines of equal width under a header of words", () => {
    expect(findTables("a | b\n1 | 2\n3 | 4\n\nx")).toEqual([
      {
        header: ["a", "b"],
        rows: [
          { cells: ["1", "2"], line: "1 | 2" },
          { cells: ["3", "4"], line: "3 | 4" },
        ],
      },
    ]);
  });
  it.each(["a | b\n1 | 2", "1 | 2\n3 | 4\n5 | 6", "a | a\n1 | 2\n3 | 4", "a | b\n1 | 2 | 3\n4 | 5 | 6", "", "no table"])(
    "finds none in %j",
    (text) => {
      expect(findTables(text)).toEqual([]);
    },
  );
});

describe("proposeByTemplate", () => {
  it("asks for sentences, rows, headings and a row that is not there", () => {
    const proposals = proposeByTemplate([manual]);
    expect(questionsOf(proposals)).toEqual([
      "A full load is fired for how many hours?",
      "What is a pyrometer?",
      "What is the degrees of cone 04?",
      "What is the use of cone 6?",
      "What is the degrees of cone 10?",
      "What is the degrees of cone 11?",
      "What does “Kiln manual” say about “Firing”?",
    ]);
    expect(proposals.map(({ case: { answerable, tags } }) => [answerable, ...tags])[5]).toEqual([false, "unanswerable", "near-miss"]);
    expect(proposals.every(({ reviewed }) => !reviewed)).toBe(true);
  });

  it("makes sound cases whatever the text: places that stand once, ids of their own", () => {
    const words = fc.constantFrom(
      "The kiln",
      "runs for",
      "40",
      "hours",
      "on 3 May 2024",
      "in 1999",
      "is a",
      ".",
      "\n",
      " | ",
      "Cone",
      "x",
      "–",
      "𝒳",
      "10:30",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 60 }), (parts) => {
        const text = parts.join(" ");
        const document = { ...manual, text, sections: [{ start: 0, end: text.length, headingPath: ["A", "B"] }] };
        const chosen = selectProposals(proposeByTemplate([document]), { limit: 100 });
        const { problems } = checkCases({
          cases: chosen.map((proposal) => proposal.case),
          documents: new Map([["manual.md", text]]),
          strata: { from: 99, least: 0, most: 1 },
        });
        // Two places may overlap when a heading's sentence holds another's line; the check tells the reviewer.
        expect(problems.filter((problem) => !/shares a place|asks nearly/u.test(problem))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it("takes so much of a long document, from its whole length", () => {
    const text = Array.from({ length: 1_000 }, (_, at) => `Part ${at}x is made in ${at + 3} steps.`).join("\n\n");
    const many = proposeByTemplate([{ ...manual, text, sections: [] }]);
    expect(many).toHaveLength(200);
    expect(many.at(-1)?.case.question).toBe("Part 995x is made in how many steps?");
  });

  it("speaks German, French and Spanish about tables and headings, and leaves other languages alone", () => {
    for (const [language, question] of [
      ["de", "Was steht unter „Degrees“ bei cone 04?"],
      ["fr", "Qu'est-ce qui est indiqué sous « Degrees » pour cone 04 ?"],
      ["es", "¿Qué figura en «Degrees» para cone 04?"],
    ] as const) {
      const questions = questionsOf(proposeByTemplate([{ ...manual, language }]));
      expect(questions[0]).toBe(question);
      expect(questions.some((text) => text.includes("Firing"))).toBe(true);
    }
    expect(proposeByTemplate([{ ...manual, language: "ja" }])).toEqual([]);
    const { language: _, ...unknown } = manual;
    expect(proposeByTemplate([{ ...unknown, title: null }]).map(({ case: row }) => row.language)).toEqual(Array.from({ length: 6 }));
  });
});

describe("selectProposals", () => {
  it("takes turns between documents and kinds, and asks nothing twice", () => {
    const other = {
      ...manual,
      id: "other.md",
      title: "Wheel manual",
      text: "The wheel turns at 240 rounds. A bat is a board for wet pots.",
    };
    const all = proposeByTemplate([manual, { ...other, sections: [] }]);
    const chosen = selectProposals(all, { limit: 4 });
    expect(chosen.map(({ case: { spans } }) => spans[0]?.document)).toEqual(["manual.md", undefined, "other.md", "manual.md"]);
    expect(new Set(questionsOf(chosen)).size).toBe(4);
    const known = chosen.map((proposal) => proposal.case);
    const more = questionsOf(selectProposals(all, { limit: 100, known }));
    expect(more.filter((question) => questionsOf(chosen).includes(question))).toEqual([]);
  });
});

describe("candidateCase", () => {
  const bad = {
    answerId: "ans_1",
    question: "And in autumn?",
    history: ["How often is it cleaned?"],
    text: "Every month.",
    cited: [
      { document: "a.md", quote: "every month" },
      { document: "a.md", quote: "every month" },
      { document: "b.md", quote: " " },
    ],
    votes: 2,
  };
  it("keeps what was cited as a hint, and has to be reviewed", () => {
    const candidate = candidateCase({ ...bad, reason: "outdated", comment: "No." });
    expect(candidate).toEqual({
      reviewed: false,
      origin: { type: "feedback", answerId: "ans_1", votes: 2, answer: "Every month.", reason: "outdated", comment: "No." },
      case: {
        id: "f-ans_1",
        question: "And in autumn?",
        history: ["How often is it cleaned?"],
        answerable: true,
        tags: ["feedback", "follow-up"],
        split: splitOfPlace("And in autumn?"),
        spans: [{ document: "a.md", quote: "every month" }],
      },
    });
    expect(readProposals(writeProposals([candidate]))).toEqual([candidate]);
    expect(() => readEvalCases(writeProposals([candidate]))).toThrow("nobody has reviewed");
  });
  it("believes who says that there is no answer", () => {
    const { origin, case: row } = candidateCase({ ...bad, history: [], text: "", reason: "should-have-abstained" });
    expect(row).toMatchObject({ answerable: false, spans: [], tags: ["feedback", "unanswerable"] });
    expect(row.history).toBeUndefined();
    expect(origin.answer).toBeUndefined();
  });
  it("is chosen beside others that were cited from the same place", () => {
    const [a, b] = ["Why?", "Where is it?"].map((question) => candidateCase({ ...bad, answerId: question, question, history: [] }));
    if (!a || !b) throw new Error("two candidates were made");
    expect(selectProposals([a, b, a], { limit: 9, onePerPlace: false })).toEqual([a, b]);
    expect(selectProposals([a, b], { limit: 9 })).toEqual([a]);
  });
});

describe("proposals as lines", () => {
  const [proposal] = proposeByTemplate([manual]);
  it("come back as they were, and are refused as a dataset until they are reviewed", () => {
    const all = proposeByTemplate([manual]);
    expect(readProposals(writeProposals(all))).toEqual(all);
    expect(() => readEvalCases(writeProposals(all))).toThrow("Line 1 of the dataset is a proposal that nobody has reviewed");
    const reviewed = all.map((row) => ({ ...row, reviewed: true }));
    expect(readEvalCases(writeProposals(reviewed))).toEqual(all.map((row) => row.case));
  });

  it("may be unfinished until they are reviewed", () => {
    const [unfinished] = readProposals(
      writeProposals([
        {
          reviewed: false,
          origin: { type: "feedback", answerId: "ans_1", votes: 2, reason: "incorrect", comment: "No." },
          case: { id: "f", question: "Why?", answerable: true, tags: ["feedback"], split: "train", spans: [] },
        },
      ]),
    );
    expect(unfinished?.case.referenceAnswer).toBeUndefined();
    expect(unfinished?.origin).toMatchObject({ type: "feedback", comment: "No." });
    if (!unfinished) throw new Error("no proposal was read");
    expect(() => readProposals(writeProposals([{ ...unfinished, reviewed: true }]))).toThrow("one place at least");
  });

  it("say which line is wrong", () => {
    if (!proposal) throw new Error("no proposal was made");
    const line = { reviewed: false, ...proposal.case, origin: proposal.origin };
    expect(() => readProposals(JSON.stringify({ ...line, reviewed: "no" }))).toThrow(
      "Line 1 of the proposals: reviewed must be true or false",
    );
    expect(() => readProposals(JSON.stringify({ ...line, origin: { type: "guess" } }))).toThrow("origin must be as it was written");
    expect(() => readProposals(JSON.stringify({ ...line, origin: 1 }))).toThrow("origin must be as it was written");
    expect(() => readProposals(`${JSON.stringify(line)}\n${JSON.stringify(line)}`)).toThrow("repeats the id");
  });

  it("fall into train for about a third of all places, always the same way", () => {
    const places = Array.from({ length: 3_000 }, (_, at) => `document ${at}`);
    const train = places.filter((place) => splitOfPlace(place) === "train").length;
    expect(train).toBeGreaterThan(900);
    expect(train).toBeLessThan(1_100);
  });
});

describe("proposeByModel", () => {
  const fired = {
    kind: "single-fact",
    question: " How long is a full\nload fired? ",
    answer: "Nine hours.",
    quote: "A full load is fired for  nine hours.",
  };
  const saying = (questions: unknown[]) => ({ text: JSON.stringify({ questions }) });

  it("keeps what stands in the passage, exactly once, and nothing else", async () => {
    const model = createScriptedModel({
      scripts: [],
      prices: { promptUsdPerMillion: 1, completionUsdPerMillion: 1 },
      completions: [
        saying([fired, { ...fired, quote: "Fired for a day." }, { ...fired, quote: "10 | 1305 | porcelain" }, fired]),
        saying([
          { kind: "unanswerable", question: "What does a kiln cost?", answer: "", quote: "" },
          { ...fired, quote: " " },
          { ...fired, question: "" },
        ]),
      ],
    });
    const done: number[] = [];
    const made = await proposeByModel({ model, documents: [manual], onPassage: (progress) => done.push(progress.done) });
    expect(made).toMatchObject({ passages: 2, discarded: 4, failed: 0, modelCalls: 2, usd: 2 * 15e-6 });
    expect(made.proposals.map(({ case: row }) => row)).toMatchObject([
      {
        question: "How long is a full load fired?",
        answerable: true,
        language: "en",
        referenceAnswer: "Nine hours.",
        spans: [{ document: "manual.md", quote: "A full load is fired for nine hours." }],
      },
      { question: "What does a kiln cost?", answerable: false, tags: ["unanswerable", "near-miss"], spans: [] },
    ]);
    expect(made.proposals.every(({ reviewed, origin }) => !reviewed && origin.type === "model")).toBe(true);
    expect(done).toEqual([1, 2]);
    // Text of documents is data: it never gets into the instruction.
    expect(model.completionRequests.every(({ system }) => !system.includes("Kiln"))).toBe(true);
    expect(model.completionRequests[0]?.prompt).toContain('Passage: "Firing');
  });

  it("goes on after a passage that fails, and stops when the model is gone", async () => {
    const documents = Array.from({ length: 4 }, (_, at) => ({ ...manual, id: `m${at}`, sections: manual.sections.slice(1, 2) }));
    const gone = new FootnoteError("model_failed", "gone");
    const once = await proposeByModel({ documents, model: createScriptedModel({ scripts: [], completions: [gone, saying([fired])] }) });
    expect(once).toMatchObject({ passages: 4, failed: 1, modelCalls: 4 });
    expect(once.proposals).toHaveLength(3);
    await expect(proposeByModel({ documents, model: createScriptedModel({ scripts: [], completions: [gone] }) })).rejects.toBe(gone);
    const bug = new TypeError("bug");
    await expect(proposeByModel({ documents, model: createScriptedModel({ scripts: [], completions: [bug] }) })).rejects.toBe(bug);
    const stopped = { documents, model: createScriptedModel({ scripts: [], completions: [gone] }), signal: AbortSignal.abort() };
    await expect(proposeByModel(stopped)).rejects.toMatchObject({ code: "cancelled" });
  });

  it("shows at most so many passages, spread over the documents", async () => {
    const sections = Array.from({ length: 50 }, () => manual.sections.slice(1, 2)).flat();
    const documents = ["a", "b"].map((id) => ({ ...manual, id, title: null, sections }));
    const model = createScriptedModel({ scripts: [], completions: [saying([])] });
    const made = await proposeByModel({ model, documents, passages: 5, perPassage: 1 });
    expect(made).toMatchObject({ passages: 5, proposals: [] });
    expect(model.completionRequests.map(({ prompt }) => /Title: "(\w)"/u.exec(prompt)?.[1])).toEqual(["a", "b", "a", "b", "a"]);
  });
});
