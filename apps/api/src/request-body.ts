import { FootnoteError } from "@footnote/core";
import { requireStorable } from "@footnote/service";
import type { BodyShare } from "./body-budget.ts";

/** Largest JSON body, in bytes. */
export const maxJsonBytes = 1024 * 1024;
const maxDepth = 64;

/** The media type of the body as the client says, in lower case and without parameters. */
export function mediaTypeOf(request: Request): string | undefined {
  return request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
}

/** The whole body; `payload_too_large` as soon as it is known to be larger than `maxBytes`, without reading on, and `overloaded` when `share` has no room. */
export async function readBody(
  request: Request,
  options: { maxBytes: number; timeoutMs: number; signal: AbortSignal; share: BodyShare },
): Promise<Uint8Array<ArrayBuffer>> {
  const { maxBytes, timeoutMs, signal, share } = options;
  const tooLarge = () =>
    new FootnoteError("payload_too_large", `The body is larger than ${maxBytes} bytes; send less.`, { details: { maxBytes } });
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge();
  if (!request.body) return new Uint8Array(0);
  const reader = request.body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  let timedOut = false;
  const stop = () => void reader.cancel().catch(() => undefined);
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, timeoutMs);
  signal.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const read = await reader.read();
      if (timedOut) throw new FootnoteError("timeout", `The body did not arrive within ${timeoutMs / 1000} s; send it again.`);
      if (signal.aborted) throw new FootnoteError("cancelled", "The client left before its request was complete.");
      if (read.done) break;
      size += read.value.byteLength;
      if (size > maxBytes) {
        stop();
        throw tooLarge();
      }
      try {
        share.take(read.value.byteLength);
      } catch (error) {
        stop();
        throw error;
      }
      parts.push(read.value);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** JSON whose every string can be stored: no NUL, no lone surrogate, not nested without end. `what` names it in errors. */
export function parseJson(text: string, what: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FootnoteError("malformed_json", `${what} is not valid JSON; correct it and send it again.`);
  }
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value === "string") requireStorable(next.value, what);
    else if (typeof next.value === "object" && next.value !== null) {
      if (next.depth >= maxDepth)
        throw new FootnoteError("invalid_request", `${what} is nested deeper than ${maxDepth} levels; flatten it.`);
      for (const [key, inner] of Object.entries(next.value)) {
        requireStorable(key, what);
        // Schemas drop this name without a word: a filter on it would filter nothing.
        if (key === "__proto__")
          throw new FootnoteError("invalid_request", `${what} holds the key __proto__, which cannot be used; remove it.`);
        open.push({ value: inner, depth: next.depth + 1 });
      }
    }
  }
  return value;
}

/** A body's text as strict UTF-8. */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new FootnoteError("malformed_json", `${what} is not UTF-8; encode it so.`);
  }
}
