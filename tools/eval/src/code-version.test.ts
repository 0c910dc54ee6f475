import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { readCodeVersion } from "./code-version.ts";
import { inCheckout } from "./shared-folder.ts";

it("knows the version of a checkout, and none outside of one", async () => {
  expect(await readCodeVersion(inCheckout("."))).toMatch(/^[0-9a-f]{40}(?:\+[0-9a-f]{8})?$/u);
  expect(await readCodeVersion(tmpdir())).toBeNull();
});
