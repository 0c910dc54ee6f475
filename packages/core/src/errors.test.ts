import { describe, expect, it } from "vitest";
import { FootnoteError, isFootnoteError, throwIfAborted, toFootnoteError } from "./errors.ts";

describe("errors", () => {
  it("know whether a second try can help, unless told otherwise", () => {
    expect(new FootnoteError("timeout", "t").retryable).toBe(true);
    expect(new FootnoteError("document_corrupt", "t").retryable).toBe(false);
    expect(new FootnoteError("timeout", "t", { retryable: false }).retryable).toBe(false);
  });

  it("are recognised by their marker and not by their shape", () => {
    const error = new FootnoteError("not_found", "There is no such document.", { details: { id: "x" } });
    expect(isFootnoteError(error)).toBe(true);
    expect(isFootnoteError({ code: "not_found", message: "m", retryable: false })).toBe(false);
    expect(isFootnoteError(null)).toBe(false);
    expect(JSON.stringify({ ...error })).not.toContain("footnote.error");
  });

  it("wrap what is thrown by others", () => {
    const known = new FootnoteError("conflict", "c");
    expect(toFootnoteError(known)).toBe(known);
    expect(toFootnoteError(new DOMException("stop", "AbortError")).code).toBe("cancelled");
    expect(toFootnoteError(AbortSignal.timeout(0)).code).toBe("internal");
    expect(toFootnoteError(new DOMException("late", "TimeoutError")).code).toBe("timeout");
    const cause = new TypeError("secret inside");
    const wrapped = toFootnoteError(cause);
    expect(wrapped).toMatchObject({ code: "internal", cause });
    expect(wrapped.message).not.toContain("secret");
  });

  it("carry an abort's own reason", () => {
    expect(() => throwIfAborted(undefined)).not.toThrow();
    expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
    expect(() => throwIfAborted(AbortSignal.abort())).toThrow(expect.objectContaining({ code: "cancelled" }));
    const reason = new FootnoteError("shutting_down", "The server is stopping.");
    expect(() => throwIfAborted(AbortSignal.abort(reason))).toThrow(reason);
  });
});
