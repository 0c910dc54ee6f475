import { randomBytes } from "node:crypto";
import { z } from "zod";

/** Prefix of every id kind; the prefix is part of the id, so that a wrong kind is seen at a glance. */
export const idPrefixes = {
  tenant: "ten",
  key: "key",
  collection: "col",
  document: "doc",
  version: "ver",
  chunk: "chk",
  job: "job",
  answer: "ans",
  conversation: "cnv",
  pipeline: "pip",
  run: "run",
  member: "mem",
} as const;

export type IdKind = keyof typeof idPrefixes;
export type Id<Kind extends IdKind> = string & { readonly __kind: Kind };
export type TenantId = Id<"tenant">;
export type KeyId = Id<"key">;
export type CollectionId = Id<"collection">;
export type DocumentId = Id<"document">;
export type VersionId = Id<"version">;
export type ChunkId = Id<"chunk">;
export type JobId = Id<"job">;
export type AnswerId = Id<"answer">;
export type ConversationId = Id<"conversation">;
export type PipelineId = Id<"pipeline">;
export type RunId = Id<"run">;
export type MemberId = Id<"member">;

/** Crockford's alphabet in lower case: ASCII order equals numeric order, so ids sort by time. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const bodyPattern = "[0-7][0-9a-hjkmnp-tv-z]{25}";
const patterns = Object.fromEntries(
  Object.entries(idPrefixes).map(([kind, prefix]) => [kind, new RegExp(`^${prefix}_${bodyPattern}$`)]),
) as Record<IdKind, RegExp>;

let lastTimestamp = 0;
let sequence = 0;

/** A new id: prefix, `_`, and a UUIDv7 (RFC 9562, monotonic within a process by its 12-bit counter) in base32, 26 characters. */
export function newId<Kind extends IdKind>(kind: Kind, nowMs: number = Date.now()): Id<Kind> {
  if (nowMs > lastTimestamp) {
    lastTimestamp = nowMs;
    sequence = randomBytes(2).readUInt16BE() & 0x7ff;
  } else if (++sequence > 0xfff) {
    lastTimestamp += 1;
    sequence = 0;
  }
  const bytes = randomBytes(16);
  bytes.writeUIntBE(lastTimestamp, 0, 6);
  bytes.writeUInt16BE(0x7000 | sequence, 6);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  let number = BigInt(`0x${bytes.toString("hex")}`);
  let body = "";
  for (let i = 0; i < 26; i++) {
    body = (alphabet[Number(number & 31n)] ?? "0") + body;
    number >>= 5n;
  }
  return `${idPrefixes[kind]}_${body}` as Id<Kind>;
}

/** True when `value` has the form of an id of this kind (it need not exist). */
export function isId<Kind extends IdKind>(kind: Kind, value: unknown): value is Id<Kind> {
  return typeof value === "string" && patterns[kind].test(value);
}

/** A zod schema for ids of one kind. */
export function idSchema<Kind extends IdKind>(kind: Kind): z.ZodType<Id<Kind>> {
  return z.custom<Id<Kind>>((value) => isId(kind, value), { message: `not a ${kind} id` });
}
