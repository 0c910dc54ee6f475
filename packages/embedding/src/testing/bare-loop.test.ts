import { expect, it } from "vitest";
import { createBareLoop } from "./bare-loop.ts";

it("runs texts through the bare session", async () => {
  const loop = await createBareLoop({ threads: 1, maxTokens: 256 });
  expect(await loop.run(["one", "two"])).toBeGreaterThan(0);
  await loop.close();
});
