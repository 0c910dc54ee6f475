import { type Clock, FootnoteError } from "@footnote/core";

/** When a key ends; null: never. */
export function expiryOf(expiresAt: string | undefined, clock: Clock): Date | null {
  if (expiresAt === undefined) return null;
  const date = new Date(expiresAt);
  if (date.getTime() <= clock.now()) throw new FootnoteError("invalid_request", "expiresAt lies in the past; choose a later time.");
  return date;
}
