import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findFormulas, formulaNames } from "./shipped-formulas.ts";
import { featureNames } from "./unit-features.ts";

const folder = new URL("./formulas/", import.meta.url);

describe("shipped formulas", () => {
  it.each(readdirSync(folder))("%s is found by its name, and names features that exist", (file) => {
    const found = findFormulas(file.replace(/\.json$/u, ""));
    expect(found).toEqual(JSON.parse(readFileSync(new URL(file, folder), "utf8")));
    const known = new Set<string>([...featureNames, "intercept"]);
    for (const pair of [found.supported, found.other]) {
      for (const { order, support } of [pair.tokens, pair.words]) {
        for (const name of [...Object.keys(order), ...Object.keys(support)]) expect(known).toContain(name);
      }
    }
  });

  it("come oldest first", () => {
    const versions = formulaNames().map((name) => Number(name.split("@")[1]));
    expect(versions).toEqual(versions.map((_, at) => at + 1));
  });

  it("say what there is where a name is not", () => {
    expect(() => findFormulas("extractive@0")).toThrow(
      'There are no formulas named "extractive@0"; an extractive answer can use extractive@1.',
    );
  });
});
