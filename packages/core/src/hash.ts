import { createHash } from "node:crypto";

/** SHA-256 as 64 lower-case hexadecimal digits. Text is hashed as UTF-8. */
export function sha256(value: string | Uint8Array): string {
  return createHash("sha256").update(value).digest("hex");
}
