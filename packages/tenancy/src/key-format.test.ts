import { newId } from "@footnote/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { digestsEqual, keyPattern, makeKey, parseKey } from "./key-format.ts";

test("a made key is read back with its kind, id and digest, and scanners find it", () => {
  for (const kind of ["tenant", "operator"] as const) {
    const id = newId("key");
    const { key, digest } = makeKey(kind, id);
    expect(key.startsWith(kind === "tenant" ? "fn_live_" : "fn_op_")).toBe(true);
    expect(parseKey(key)).toEqual({ kind, id, digest });
    expect(keyPattern.exec(`key: "${key}",`)?.[0]).toBe(key);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  }
});

test("two keys of one id differ", () => {
  const id = newId("key");
  expect(makeKey("tenant", id).key).not.toBe(makeKey("tenant", id).key);
});

test("every change of one character is refused", () => {
  const { key } = makeKey("tenant", newId("key"));
  fc.assert(
    fc.property(
      fc.nat(key.length - 1),
      fc.constantFrom(..."0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-é"),
      (at, char) => {
        fc.pre(key[at] !== char);
        expect(parseKey(key.slice(0, at) + char + key.slice(at + 1))).toBeNull();
      },
    ),
  );
  for (const wrong of ["", "fn_live_nonsense", `${key}0`, key.slice(1), key.replace("fn_live_", "fn_op_"), `${key}\n`])
    expect(parseKey(wrong)).toBeNull();
});

test("digests are equal only when they are digests and the same", () => {
  const { digest } = makeKey("tenant", newId("key"));
  expect(digestsEqual(digest, digest)).toBe(true);
  expect(
    digestsEqual(
      digest,
      digest.replace(/.$/, (char) => (char === "0" ? "1" : "0")),
    ),
  ).toBe(false);
  expect(digestsEqual("", "")).toBe(false);
  expect(digestsEqual(digest, digest.slice(2))).toBe(false);
});
