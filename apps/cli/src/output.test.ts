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
  const progress = createOutput({ json: false, terminal: live }).progress("Ingesting", 4);
  progress.update(4, "x.md");
  progress.end("4 files");
  expect(live.err()).toContain("█");
  expect(live.err()).toContain("4/4 x.md");
  expect(live.err().endsWith("4 files\n")).toBe(true);
  const piped = fakeTerminal(false);
  const quiet = createOutput({ json: false, terminal: piped }).progress("Ingesting", 4);
  quiet.update(2);
  quiet.end();
  expect(piped.err()).toBe("Ingesting…\n");
  const json = fakeTerminal(true);
  createOutput({ json: true, terminal: json }).progress("Ingesting", 4).update(1);
  expect(JSON.parse(json.out())).toEqual({ type: "progress", label: "Ingesting", done: 1, total: 4 });
});

it("keeps a bar within its cells", () => {
  expect([bar(-1, 4), bar(0.5, 4), bar(2, 4)]).toEqual(["[····]", "[██··]", "[████]"]);
});
