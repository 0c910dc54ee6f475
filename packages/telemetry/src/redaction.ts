import type { LogFields } from "@footnote/core";
import { isFootnoteError } from "@footnote/core";

/** Field names that may be logged; all others are left out and only their names are told. None of them carries text of documents or questions. */
export const loggedFields: ReadonlySet<string> = new Set(
  `answer attempt attempts batch bytes chunks code collection component concurrency conversation count dataDir delayMs dependency document durationMs
  engine event failed finishReason hits host http job key kind limit method model name outcome path pid pipeline port principal progress queue
  reason requestId route rows scope signal size sizeBytes space stage state status tenant tokens url version versions worker workers
  promptTokens completionTokens cachedTokens costUsd traceId mediaType pending lag graceMs open migration recovered stranded folded reweighted`.split(
    /\s+/,
  ),
);

const secrets =
  /\bfn_(?:live|op)_[0-9A-Za-z_]{8,}|\bBearer\s+[\w.~+/=-]{8,}|\bsk-[\w-]{16,}|(?<=[a-z][a-z0-9+.-]*:\/\/[^\s:/@]{0,200}:)[^\s@/]{1,200}(?=@)/g;

/** Secrets replaced, cut to 500 characters. */
export function redactText(text: string): string {
  return (text.length > 2_000 ? text.slice(0, 2_000) : text).replace(secrets, "[redacted]").slice(0, 500);
}

/** Scalars of known names only. */
export function redactFields(fields: LogFields): LogFields {
  const kept: LogFields = {};
  const dropped: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (!loggedFields.has(name) || (typeof value === "object" && value !== null)) dropped.push(redactText(name).slice(0, 40));
    else kept[name] = typeof value === "string" ? redactText(value) : value;
  }
  if (dropped.length > 0) kept["droppedFields"] = dropped.sort().join(",");
  return kept;
}

/**
 * What may be logged of an error and its causes: code, and the message where it is our own. A foreign message can quote what
 * it choked on (a JSON text, a row), so of those only the name, a short code and the stack's frames are kept.
 */
export function redactError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    name: error.name.slice(0, 100),
    ...(typeof code === "string" && /^[A-Za-z0-9_]{1,60}$/.test(code) ? { code } : {}),
    ...(isFootnoteError(error) ? { message: redactText(error.message) } : {}),
    frames: (error.stack ?? "")
      .split("\n")
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 12)
      .map((line) => redactText(line.trim())),
    ...(error.cause === undefined || depth >= 4 ? {} : { cause: redactError(error.cause, depth + 1) }),
  };
}
