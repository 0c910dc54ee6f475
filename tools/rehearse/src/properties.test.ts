import { expect, test } from "vitest";
import { propertyTests, tryProperties } from "./properties.ts";

test("finds the test files that have properties", async () => {
  const files = await propertyTests();
  expect(files).toContain("packages/answers/src/answers.properties.test.ts");
  expect(files).not.toContain("tools/rehearse/src/run-eval.test.ts");
});

test("says whether all held, and gives the seed to the tests", async () => {
  const file = "packages/sdk/src/sse-parser.test.ts";
  expect(await tryProperties([file], 5)).toMatchObject({ held: true });
  expect(await tryProperties([file], 0.5)).toEqual({
    held: false,
    output: expect.stringContaining("FOOTNOTE_PROPERTY_SEED is not a whole"),
  });
});
