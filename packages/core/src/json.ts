export type JsonPrimitive = string | number | boolean | null;
export type JsonValue = JsonPrimitive | JsonValue[] | { [key: string]: JsonValue };

/** Flat metadata of a document: string keys to scalars or lists of scalars; at most 4,096 bytes as JSON. */
export type Metadata = Record<string, JsonPrimitive | JsonPrimitive[]>;

/** JSON with sorted keys: equal values give equal text, for hashes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}
