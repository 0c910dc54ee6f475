import fc from "fast-check";
import { expect, test } from "vitest";
import { parseEventStream } from "./sse-parser.ts";

function bytesOf(text: string, cuts: readonly number[] = []): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const at = [0, ...[...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b), bytes.length];
  return new ReadableStream({
    start(controller) {
      for (let i = 1; i < at.length; i++) controller.enqueue(bytes.slice(at[i - 1], at[i]));
      controller.close();
    },
  });
}
const read = (text: string, cuts?: readonly number[]) => Array.fromAsync(parseEventStream(bytesOf(text, cuts)));

test("comments, many data lines, ids, default names, and the byte order mark", async () => {
  expect(await read("\ufeff: hello\n\nevent: a\ndata: 1\ndata:2\nid: 7\nretry: 5\n\ndata\n\nevent: none\n\n")).toEqual([
    { event: "a", data: "1\n2", id: "7" },
    { event: "message", data: "", id: "7" },
  ]);
});

test("an event that the end cuts off is dropped", async () => {
  expect(await read("data: 1\n\ndata: 2\n")).toEqual([{ event: "message", data: "1", id: "" }]);
});

test("however the bytes are cut and whatever ends the lines, the events are the same", async () => {
  const text = "event: ü\ndata: 😀 one\ndata: two\n\n: c\n\nevent: b\ndata: 高\n\n";
  const expected = await read(text);
  expect(expected).toHaveLength(2);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(200), { maxLength: 60 }), fc.constantFrom("\n", "\r", "\r\n"), async (cuts, end) => {
      expect(await read(text.replaceAll("\n", end), cuts)).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

test("leaving early cancels the stream", async () => {
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("data: x\n\n")),
    cancel() {
      cancelled = true;
    },
  });
  for await (const event of parseEventStream(endless)) {
    expect(event.data).toBe("x");
    break;
  }
  expect(cancelled).toBe(true);
});

test("an event without end is refused", async () => {
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(1_000_000).fill(120)) });
  await expect(Array.fromAsync(parseEventStream(endless))).rejects.toBeInstanceOf(RangeError);
});
