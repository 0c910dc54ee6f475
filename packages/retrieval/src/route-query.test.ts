import { describe, expect, it } from "vitest";
import { pipelines } from "./pipelines.ts";
import { looksLikeIdentifiers, routedSpec, routedSteps } from "./route-query.ts";

describe("looksLikeIdentifiers", () => {
  it.each([
    "maxRetries",
    "ERR_CONNECTION_RESET",
    "pg-boss@12.35.0",
    "PEP 484",
    "std::vector",
    "node.js",
    "`fs.readFile()`",
    "KEP-1234",
    "HTTP",
    "src/index.ts",
    "#4711",
    "ISO 9001",
  ])("%s does", (query) => expect(looksLikeIdentifiers(query)).toBe(true));
  it.each([
    "",
    "refund",
    "travel policy",
    "How long is the boiler guaranteed?",
    "what is HTTP",
    "Berlin office",
    "the 2026 travel allowance",
    "A day",
  ])("%s does not", (query) => expect(looksLikeIdentifiers(query)).toBe(false));
});

describe("routedSpec", () => {
  const router = { type: "rules" as const, identifiersByWords: true, unrerankedUpToWords: 3, smallUpToWords: 6, smallModel: "small" };
  const spec = { ...pipelines["hybrid-rrf-rerank"], transform: { type: "hyde" as const, model: "m", passages: 1 }, router };

  it("searches identifiers by words alone", () => {
    const routed = routedSpec(spec, "maxRetries");
    expect(routed).toMatchObject({
      name: spec.name,
      candidates: { dense: 0, lexical: 100 },
      reranker: { type: "none" },
      transform: { type: "none" },
    });
    expect(routedSpec({ ...spec, router: { ...router, identifiersByWords: false } }, "maxRetries").candidates).toEqual(spec.candidates);
    // Nothing but meaning is searched: then it stays.
    const meaning = { ...spec, candidates: { dense: 50, lexical: 0 } };
    expect(routedSpec(meaning, "maxRetries").candidates).toEqual(meaning.candidates);
  });

  it("leaves the reranker out of short questions and gives them to the small model", () => {
    expect(routedSpec(spec, "travel policy meals")).toMatchObject({ reranker: { type: "none" }, answer: { model: "small" } });
    expect(routedSpec(spec, "travel policy for meals abroad")).toMatchObject({ reranker: spec.reranker, answer: { model: "small" } });
    expect(routedSpec(spec, "how much is it that we pay for meals abroad")).toEqual(spec);
  });

  it("says what it changed", () => {
    expect(routedSteps(spec, routedSpec(spec, "maxRetries"))).toEqual(["by-words", "unreranked", "small-model"]);
    expect(routedSteps(spec, routedSpec(spec, "travel policy for meals abroad"))).toEqual(["small-model"]);
    expect(routedSteps(spec, spec)).toEqual([]);
  });

  it("changes nothing where nothing is routed", () => {
    expect(routedSpec(pipelines.default, "maxRetries")).toBe(pipelines.default);
    expect(routedSpec({ ...spec, router: { ...router, smallModel: null } }, "a b c d").answer.model).toBe("extractive");
  });
});
