import { expect, test } from "vitest";
import { propertyTests, tryProperties } from "./properties.ts";

test("finds the test files that have properties", async () => {
  const files = await propertyTests();
  expect(files).toContain("packages/answers/src/answers.properties.test.ts");
  expect(files).not.toContain("tools/rehearse/src/run-eval.test.ts");
});

test("says whether all held, and gives the seed to the tests", async () => {
  expect(await tryProperties(["packages/sdk/src/sse-parser.test.ts"], 5)).toBe(true);
  expect(await tryProperties(["packages/sdk/src/no-such.test.ts"], 5)).toBe(false);
  expect(await tryProperties(["packages/sdk/src/sse-parser.test.ts"], 0.5)).toBe(false);
});
