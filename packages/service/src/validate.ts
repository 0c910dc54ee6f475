import { FootnoteError } from "@footnote/core";
import type { z } from "zod";

/** The parsed value, or `invalid_request` that lists every issue by its path; received values are not repeated. `what` names it in errors. */
export function validate<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 20).map((issue) => ({
    path: issue.path.map((step) => String(step).slice(0, 100)).join("."),
    message: issue.code === "unrecognized_keys" ? `unknown field: ${issue.keys.map((key) => key.slice(0, 60)).join(", ")}` : issue.message,
  }));
  const [first] = errors;
  throw new FootnoteError(
    "invalid_request",
    `${what} is not valid: ${first ? `${first.path === "" ? "" : `${first.path}: `}${first.message}` : "see errors"}.`,
    { details: { errors } },
  );
}

/** Postgres stores no NUL, and half of a surrogate pair would come back as another character. */
export function requireStorable(text: string, what: string): void {
  if (text.includes("\0") || !text.isWellFormed()) {
    throw new FootnoteError("invalid_request", `${what} holds a NUL character or a lone surrogate; remove it.`);
  }
}
