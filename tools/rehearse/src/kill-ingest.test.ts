import { expect, it } from "vitest";
import { killIngest } from "./kill-ingest.ts";

it("has the chunks of an undisturbed run after five kills, and shows whole versions in between", { timeout: 300_000 }, async () => {
  const documents = Array.from({ length: 8 }, (_, i) => ({
    externalId: `manual-${i}.md`,
    mediaType: "text/markdown",
    content: Array.from(
      { length: 12 },
      (_unused, section) =>
        `## Section ${section} of manual ${i}\n\n${`The valve ${section} of machine ${i} opens at ${section * 7 + i} degrees. `.repeat(18)}\n`,
    ).join("\n"),
  }));
  const report = await killIngest({ documents, kills: 5, aliveMs: { least: 100, most: 1500 }, log: () => {} });
  expect(report.problems).toEqual([]);
  expect(report.chunks).toBeGreaterThanOrEqual(8 * 12);
  expect(report.kills).toBe(5);
});
