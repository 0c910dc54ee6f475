import { FootnoteError } from "@footnote/core";

/** How many bytes of request bodies are in memory, over all requests. */
export interface BodyBudget {
  /** A share for one request of `owner`, which grows as its body arrives and is given back as a whole. */
  open(owner: string): BodyShare;
}
export interface BodyShare {
  /** Throws `overloaded` when all bodies together, or those of the owner, would be larger than what is allowed. */
  take(bytes: number): void;
  close(): void;
}

/**
 * Bodies up to `maxBytes` in all, and up to half of it for one owner, so that one tenant's slow uploads leave room for others.
 * A hundred uploads at once would otherwise each hold a whole file.
 */
export function createBodyBudget({ maxBytes }: { maxBytes: number }): BodyBudget {
  const owners = new Map<string, number>();
  let total = 0;
  return {
    open(owner) {
      let held = 0;
      return {
        take(bytes) {
          const own = owners.get(owner) ?? 0;
          if (total + bytes > maxBytes || own + bytes > maxBytes / 2) {
            throw new FootnoteError("overloaded", "Too many uploads are arriving at once; try again in a moment.");
          }
          total += bytes;
          held += bytes;
          owners.set(owner, own + bytes);
        },
        close() {
          total -= held;
          const left = (owners.get(owner) ?? 0) - held;
          if (left > 0) owners.set(owner, left);
          else owners.delete(owner);
          held = 0;
        },
      };
    },
  };
}
