import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const checkout = join(import.meta.dirname, "../../..");

/** Public data sets that are no part of the checkout: FOOTNOTE_SHARED, else `../shared` beside it. Null where the path is absent. */
export function findShared(path: string, variables: Record<string, string | undefined>): string | null {
  const found = resolve(variables.FOOTNOTE_SHARED ?? join(checkout, "../shared"), path);
  return existsSync(found) ? found : null;
}

/** A path in the checkout. */
export const inCheckout = (path: string): string => join(checkout, path);
