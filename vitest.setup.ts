import fc from "fast-check";

// The same generated cases in each run, so that a change fails for what it did; `pnpm rehearse properties` looks for new ones.
const seed = Number(process.env.FOOTNOTE_PROPERTY_SEED ?? 1);
if (!Number.isInteger(seed)) throw new Error("FOOTNOTE_PROPERTY_SEED is not a whole number.");
fc.configureGlobal({ seed });
