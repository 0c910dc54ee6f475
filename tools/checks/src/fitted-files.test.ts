import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findFittedFaults } from "./fitted-files.ts";

const checkout = join(import.meta.dirname, "../../..");
const weights = "packages/retrieval/src/fusion/weights";

let copy = "";
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), "footnote-fitted-"));
  for (const path of ["tools/checks/fitted-files.sha256", weights, "packages/answers/src/extractive", "packages/evaluation/src/judges"]) {
    cpSync(join(checkout, path), join(copy, path), { recursive: true });
  }
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

describe("fitted files", () => {
  it("are as they were shipped, in this checkout", () => {
    expect(findFittedFaults(checkout)).toEqual([]);
    expect(findFittedFaults(copy)).toEqual([]);
  });

  it("may not be edited in place, not by a digit", () => {
    const path = join(copy, weights, "fusion@1.json");
    writeFileSync(path, readFileSync(path, "utf8").replace("0.1658", "0.1659"));
    expect(findFittedFaults(copy)).toEqual([`${weights}/fusion@1.json was changed; take it back and write the next version.`]);
  });

  it("may not go, nor come without being listed", () => {
    rmSync(join(copy, weights, "fusion@1.json"));
    writeFileSync(join(copy, weights, "fusion@2.json"), '{ "name": "fusion@2" }');
    expect(findFittedFaults(copy)).toEqual([
      `${weights}/fusion@1.json is gone; stored pipelines may name it.`,
      `${weights}/fusion@2.json is not in tools/checks/fitted-files.sha256; let the fitting command write it.`,
    ]);
  });
});
