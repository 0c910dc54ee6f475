import { describe, expect, it } from "vitest";
import { judgeGate } from "../gate/judge-gate.ts";
import { gateRun, manyCases, settings } from "../gate/testing/gate-fixtures.ts";
import { formatGateHtml } from "./gate-html.ts";
import { formatGateJunit } from "./gate-junit.ts";
import { formatGateMarkdown, gateCommentMarker } from "./gate-markdown.ts";
import { formatGateTable } from "./gate-table.ts";

const hostile = `<script>alert("1")</script> & 'two' | \`three\` [four](http://example.invalid) @everybody </pre></details> \u0007`;
const before = gateRun(manyCases(60, () => ({ usd: 0.01 })));
const passed = judgeGate({ pairs: [{ candidate: before, baseline: before }], settings });
const failed = judgeGate({
  pairs: [
    {
      candidate: gateRun(
        manyCases(60, (index) => ({
          usd: 0.02,
          milliseconds: 50,
          ...(index < 20
            ? {
                metrics: { "recall@5": 0, faithfulness: 0.2, abstention: 1 },
                question: hostile,
                text: index === 1 ? "" : hostile,
                tags: ["even", hostile],
                citations: index === 1 ? [] : [{ document: hostile, start: 1, end: 9, text: hostile }],
                contexts: index === 1 ? [] : Array.from({ length: 7 }, (_, at) => ({ document: "a.md", start: at, end: at + 1 })),
              }
            : {}),
        })),
        { pipelineHash: "9".repeat(64) },
      ),
      baseline: before,
    },
  ],
  unpaired: [gateRun(manyCases(3), { pipeline: "generated" })],
  settings,
});

/** Elements that are opened and closed, in order; throws where they do not nest. */
function assertNested(markup: string, isVoid: (name: string) => boolean): number {
  const open: string[] = [];
  let count = 0;
  for (const [, closing, name = "", rest = ""] of markup.matchAll(/<(\/?)([A-Za-z][\w-]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/gu)) {
    count += 1;
    if (closing) {
      const begun = open.pop();
      if (begun !== name) throw new Error(`<${begun}> is closed by </${name}>`);
    } else if (!rest.endsWith("/") && !isVoid(name)) open.push(name);
  }
  expect(open).toEqual([]);
  return count;
}

describe("formatGateTable", () => {
  it("ends with the verdict, and says what the set can see", () => {
    const text = formatGateTable(passed);
    expect(text).toMatch(/gate: passed$/u);
    expect(text).toMatch(/smallest loss found in 8 of 10 changes, in points.*recall@5 −\d/u);
    expect(text).toMatch(/9 hypotheses tested together; one false alarm or more in 5 % of comparisons/u);
    expect(text).toMatch(/default on handbook: ragas-faithfulness +– \(0\) +> 0\.85 +not measured/u);
    expect(text).not.toContain("questions that got worse");
  });

  it("shows what regressed, the worst questions with both answers and sources, and every reason", () => {
    const text = formatGateTable(failed);
    expect(text).toMatch(/recall@5 +60 +20 +1\.000 +0\.667 +−0\.333 +\[−0\.\d+, −0\.\d+\] +< 0\.001 +WORSE/u);
    expect(text).toMatch(/questions that got worse \(10 shown\)/u);
    expect(text).toMatch(/before \(stop\): Answer \d+\.\n +cited: handbook\.md 0–8\n +sources: handbook\.md 0–80/u);
    expect(text).toMatch(/after {2}\(stop\): no answer\n +cited: nothing\n +sources: none/u);
    expect(text).toMatch(/sources: a\.md 0–1; .*; 2 more/u);
    expect(text).toMatch(/cost, mean +\$0\.0100 → \$0\.0200 +2\.00 × +FAILED/u);
    expect(text).toMatch(/time, median +20\.0 ms → 50\.0 ms +2\.50 × +more than usual/u);
    expect(text).toMatch(/generated on handbook \(test\), 3 questions\n {2}no baseline: only the floors are held/u);
    expect(text).toMatch(/gate: FAILED, \d+ reasons$/u);
    // A question of one line stays one line, however it is written.
    expect(text.split("\n").filter((line) => line.includes("<script>")).length).toBeGreaterThan(10);
  });
});

describe("formatGateMarkdown", () => {
  it("begins with the marker of its comment and lets no text out of its place", () => {
    const text = formatGateMarkdown(failed);
    expect(text.startsWith(`${gateCommentMarker}\n## Eval gate: failed\n`)).toBe(true);
    expect(text).not.toContain("<script>");
    // Mentions are not looked for in code.
    expect(text.replace(/<(pre|code)>[\s\S]*?<\/\1>/gu, "")).not.toContain("@everybody");
    expect(text).not.toContain("\u0007");
    const folded = failed.problems.length > 8 ? 11 : 10;
    expect(text.match(/<details>/gu)).toHaveLength(folded);
    expect(text.match(/<\/details>/gu)).toHaveLength(folded);
    for (const row of text.split("\n").filter((line) => line.startsWith("| recall@5"))) expect(row.match(/(?<!\\)\|/gu)).toHaveLength(8);
    expect(text).toContain("There is no baseline: only the floors are held.");
    expect(formatGateMarkdown(passed)).toContain("No regression, every floor met.");
  });

  it("stays within what a comment may hold", () => {
    const long = { ...failed, worst: failed.worst.map((one) => ({ ...one, after: { ...one.after, text: "word ".repeat(3_000) } })) };
    const text = formatGateMarkdown(long);
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain("the HTML page of this run shows them all");
  });
});

describe("formatGateJunit", () => {
  it("is well-formed, with a case for everything that is held and a failure for everything that is not", () => {
    const xml = formatGateJunit(failed);
    expect(assertNested(xml.slice(xml.indexOf("<testsuites")), () => false)).toBeGreaterThan(20);
    const failures = xml.match(/<failure /gu)?.length;
    expect(xml).toContain(`<testsuites name="eval gate" tests="${xml.match(/<testcase /gu)?.length}" failures="${failures}" errors="0"`);
    expect(failures).toBe(failed.problems.length);
    expect(xml).toContain('name="floor of ragas-faithfulness"><skipped message="not measured"/>');
    expect(xml).not.toContain("<script>");
    expect(xml).not.toContain("\u0007");
    expect(formatGateJunit(passed)).toContain('failures="0"');
  });
});

describe("formatGateHtml", () => {
  it("needs nothing from elsewhere, runs nothing, and escapes what others wrote", () => {
    const html = formatGateHtml(failed);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|javascript:|@import|url\(/iu);
    expect(html).not.toMatch(/(?:src|href)=/u);
    expect(html).toContain("default-src 'none'");
    expect(html).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    const voids = new Set(["meta", "br"]);
    expect(assertNested(html.slice(html.indexOf("<html")), (name) => voids.has(name))).toBeGreaterThan(200);
  });

  it("draws every metric, and every slice of it", () => {
    const html = formatGateHtml(passed);
    expect(html.match(/<svg /gu)).toHaveLength(2);
    expect(html.match(/<circle /gu)).toHaveLength(3);
    expect(html.match(/<rect class="cell /gu)).toHaveLength(9);
    for (const [, number = ""] of html.matchAll(/ (?:x|y|cx|cy|x1|x2|y1|y2)="([^"]*)"/gu)) expect(Number(number)).toBeGreaterThanOrEqual(0);
    expect(html).toContain("No regression, every floor met.");
  });
});
