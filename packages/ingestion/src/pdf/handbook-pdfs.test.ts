import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createPdfParser } from "./pdf-parser.ts";

const handbook = new URL("../../../../examples/handbook/", import.meta.url);

test.each([
  ["company/annual-report-2025", "Annual report 2025"],
  ["products/skua-4-user-manual", "Skua 4 user manual"],
  ["products/installation-and-safety-guide", "Installation and safety guide"],
])("the handbook's %s reads as a person would read it", async (name, title) => {
  const document = await createPdfParser().parse({ bytes: readFileSync(new URL(`documents/${name}.pdf`, handbook)) });
  expect(document.text.trim()).toBe(readFileSync(new URL(`expected/${name.replace("/", "-")}.txt`, handbook), "utf8").trim());
  expect(document.title).toBe(title);
  expect(document.blocks.filter((block) => block.kind === "heading" && block.level === 1)).toHaveLength(1);
});
