import fc from "fast-check";

// The same generated cases in each run, so that a change fails for what it did; `pnpm rehearse properties` looks for new ones.
fc.configureGlobal({ seed: Number(process.env.FOOTNOTE_PROPERTY_SEED ?? 1) });
