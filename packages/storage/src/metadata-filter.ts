import {
  FootnoteError,
  type FilterCondition,
  type JsonPrimitive,
  type JsonValue,
  type Metadata,
  type MetadataFilter,
} from "@footnote/core";

/** A filter as a jsonpath predicate and its variables; both are bound as parameters, never put into SQL text. */
export interface CompiledFilter {
  path: string | null;
  vars: Record<string, JsonValue>;
}

const comparisons = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

/** The one place where a MetadataFilter becomes SQL. */
export function compileFilter(filter: MetadataFilter | undefined): CompiledFilter {
  const vars: Record<string, JsonValue> = {};
  const parts: string[] = [];
  let count = 0;
  const bind = (value: JsonValue): string => {
    refuseNul(JSON.stringify(value));
    const name = `v${count++}`;
    vars[name] = value;
    return `$${name}`;
  };
  for (const [field, condition] of Object.entries(filter ?? {})) {
    refuseNul(JSON.stringify(field));
    const at = `$.${JSON.stringify(field)}`;
    // Values of different types compare as unknown: no match, so a negation has to accept unknown.
    const not = (predicate: string) => `(!(${predicate}) || (${predicate}) is unknown)`;
    const tests = normalizeCondition(condition);
    if (tests.eq !== undefined) parts.push(`(${at} == ${bind(tests.eq)})`);
    if (tests.ne !== undefined) parts.push(not(`${at} == ${bind(tests.ne)}`));
    if (tests.in !== undefined) parts.push(`(${at} == ${bind(tests.in)}[*])`);
    if (tests.nin !== undefined) parts.push(not(`${at} == ${bind(tests.nin)}[*]`));
    for (const operator of ["gt", "gte", "lt", "lte"] as const) {
      const bound = tests[operator];
      if (bound !== undefined) parts.push(`(${at} ${comparisons[operator]} ${bind(bound)})`);
    }
    if (tests.exists !== undefined) parts.push(tests.exists ? `exists(${at})` : `!(exists(${at}))`);
  }
  return { path: parts.length === 0 ? null : parts.join(" && "), vars };
}

/** What `compileFilter` means, in plain code: the oracle of its tests and the filter of the in-memory index. */
export function matchesFilter(metadata: Metadata, filter: MetadataFilter | undefined): boolean {
  return Object.entries(filter ?? {}).every(([field, condition]) => {
    const present = Object.hasOwn(metadata, field);
    const value = present ? metadata[field] : undefined;
    const values: JsonPrimitive[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
    const tests = normalizeCondition(condition);
    const equals = (wanted: JsonPrimitive) => values.some((item) => item === wanted);
    const compares = (bound: number | string | undefined, accepts: (order: number) => boolean) =>
      bound === undefined || values.some((item) => typeof item === typeof bound && accepts(order(item, bound)));
    return (
      (tests.eq === undefined || equals(tests.eq)) &&
      (tests.ne === undefined || !equals(tests.ne)) &&
      (tests.in === undefined || tests.in.some(equals)) &&
      (tests.nin === undefined || !tests.nin.some(equals)) &&
      compares(tests.gt, (sign) => sign > 0) &&
      compares(tests.gte, (sign) => sign >= 0) &&
      compares(tests.lt, (sign) => sign < 0) &&
      compares(tests.lte, (sign) => sign <= 0) &&
      (tests.exists === undefined || tests.exists === present)
    );
  });
}

/** Numbers by value, strings by code point (as UTF-8 bytes sort), for values of one type. */
function order(a: JsonPrimitive, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

function normalizeCondition(condition: FilterCondition): Exclude<FilterCondition, JsonPrimitive> {
  return typeof condition === "object" && condition !== null ? condition : { eq: condition };
}

function refuseNul(json: string): void {
  if (json.includes("\\u0000")) {
    throw new FootnoteError("invalid_request", "A filter holds a NUL character, which no stored value can hold; remove it.");
  }
}
