import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFrame, FrameReader } from "./frames.ts";

test("frames come out whole however the bytes were cut", () => {
  const message = fc.tuple(fc.jsonValue(), fc.uint8Array({ maxLength: 300 }));
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      (messages, cuts) => {
        const bytes = Buffer.concat(messages.flatMap(([json, raw]) => encodeFrame(json, raw)));
        const reader = new FrameReader(1e6);
        const frames: { json: unknown; raw: number[] }[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const next = at + (cuts[cut % cuts.length] ?? 1);
          for (const frame of reader.push(bytes.subarray(at, next))) frames.push({ json: frame.json, raw: [...frame.raw] });
          at = next;
        }
        expect(frames).toEqual(messages.map(([json, raw]) => ({ json: JSON.parse(JSON.stringify(json)), raw: [...raw] })));
      },
    ),
  );
});

test("refuses a frame above the limit before it has arrived, and broken JSON", () => {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(2 ** 31, 0);
  expect(() => new FrameReader(1000).push(header)).toThrow(RangeError);
  expect(() => new FrameReader(1000).push(Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]), Buffer.from("{")]))).toThrow(SyntaxError);
});
