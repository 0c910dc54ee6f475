import { expect, it } from "vitest";
import { bar, createOutput } from "./output.ts";
import { fakeTerminal } from "./testing/fake-terminal.ts";

it("prints text, or JSON lines with --json", () => {
  const text = fakeTerminal();
  const json = fakeTerminal();
  for (const [terminal, asJson] of [
    [text, false],
    [json, true],
  ] as const) {
    const output = createOutput({ json: asJson, terminal });
    output.print("hello", { type: "greeting" });
    output.print("only text");
    output.write("piece");
    output.note("by the way");
  }
  expect([text.out(), text.err()]).toEqual(["hello\nonly text\npiece", "by the way\n"]);
  expect([json.out(), json.err()]).toEqual(['{"type":"greeting"}\n', ""]);
});

it("draws a bar on a terminal only", () => {
  const live = fakeTerminal(true);
  const output = createOutput({ json: false, terminal: live });
  const progress = output.progress("Ingesting", 4);
  progress.update(3, "w.md");
  output.note("w.md: broken");
  progress.update(4, "x\n\u001b[1A.md");
  progress.end();
  output.note("4 files");
  expect(live.err()).toContain("█");
  expect(live.err()).toContain("4/4 x .md");
  // A note stands above the bar, which is drawn again.
  expect(live.err()).toMatch(/3\/4 w\.md\r\u001b\[2Kw\.md: broken\n\r\u001b\[2KIngesting .*3\/4/u);
  expect(live.err().endsWith("4 files\n")).toBe(true);
  const piped = fakeTerminal(false);
  const quiet = createOutput({ json: false, terminal: piped }).progress("Ingesting", 4);
  quiet.update(2);
  quiet.end();
  expect(piped.err()).toBe("Ingesting…\n");
  const dumb = fakeTerminal(true);
  createOutput({ json: false, terminal: dumb, redraws: false }).progress("Ingesting", 4).update(4);
  expect(dumb.err()).toBe("Ingesting…\n");
  const json = fakeTerminal(true);
  createOutput({ json: true, terminal: json }).progress("Ingesting", 4).update(1);
  expect(JSON.parse(json.out())).toEqual({ type: "progress", label: "Ingesting", done: 1, total: 4 });
});

it("keeps a bar within its cells", () => {
  expect([bar(-1, 4), bar(0.5, 4), bar(2, 4)]).toEqual(["[····]", "[██··]", "[████]"]);
});
