import type { PipelineSpec, SearchTrace } from "@footnote/core";

/** Letters with a digit, an underscore, an inner capital, a path or a dotted name: what is spelled one way and means one thing. */
const identifier =
  /^(?=.*[\p{L}\d])(?:\S*(?:\p{Ll}\p{Lu}|[_/\\#@]|::|->|\p{L}[-.]?\d|\d[-.]?\p{L}|\p{L}\.\p{L}|\d\.\d|\d{4,})\S*|\p{Lu}{2,}[\p{Lu}\d-]*)$/u;

function wordsOf(query: string): string[] {
  return query
    .split(/\s+/u)
    .map((word) => word.replace(/^[^\p{L}\p{N}_/#@]+|[^\p{L}\p{N}_)]+$/gu, ""))
    .filter((word) => word !== "");
}

/** Whether a query is one or two identifiers, such as `maxRetries`, `ERR_42` or `pep 484`. */
export function looksLikeIdentifiers(query: string): boolean {
  const words = wordsOf(query);
  if (words.length === 0 || words.length > 2) return false;
  const named = words.filter((word) => identifier.test(word)).length;
  return named === words.length || (words.length === 2 && /^\d+$/u.test(words[1] ?? ""));
}

/**
 * The spec as it serves this query: what the router leaves out is switched off, everything else is as it was. Pure; it looks at
 * the words of the query and at nothing else. Name and version stay, so that an answer names the pipeline that was asked for.
 */
export function routedSpec(spec: PipelineSpec, query: string): PipelineSpec {
  const { router } = spec;
  if (router.type === "none") return spec;
  const words = wordsOf(query).length;
  const byWords = router.identifiersByWords && spec.candidates.lexical > 0 && looksLikeIdentifiers(query);
  return {
    ...spec,
    ...(byWords ? { candidates: { ...spec.candidates, dense: 0 }, transform: { type: "none" } } : {}),
    ...(byWords || words <= router.unrerankedUpToWords ? { reranker: { type: "none" } } : {}),
    answer: { ...spec.answer, model: routedModel(spec, query) },
  };
}

/** The name of the model that answers a query: the router's small one where the query is short. */
export function routedModel({ router, answer }: PipelineSpec, query: string): string {
  if (router.type === "none" || router.smallModel === null) return answer.model;
  return wordsOf(query).length <= router.smallUpToWords ? router.smallModel : answer.model;
}

/** What routing changed, for the trace. */
export function routedSteps(before: PipelineSpec, after: PipelineSpec): NonNullable<SearchTrace["routed"]> {
  return [
    ...(before.candidates.dense > 0 && after.candidates.dense === 0 ? (["by-words"] as const) : []),
    ...(before.reranker.type !== "none" && after.reranker.type === "none" ? (["unreranked"] as const) : []),
    ...(before.answer.model === after.answer.model ? [] : (["small-model"] as const)),
  ];
}
