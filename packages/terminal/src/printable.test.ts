import fc from "fast-check";
import { expect, it } from "vitest";
import { printable, printableJson } from "./printable.ts";

it("takes out sequences whole", () => {
  expect(printable("\u001b[31mred\u001b[0m and \u001b[2K\u009b1Agone")).toBe("red and gone");
  expect(printable("a\u001b]0;a title\u0007b\u001b]8;;http://x\u001b\\c\u001b(Bd\u001bcE")).toBe("abcdE");
  expect(printable("over\rwritten\u0008\u0000 \u202egnp.exe\u202c")).toBe("overwritten gnp.exe");
});

it("keeps lines, tabs and every script", () => {
  const text = "one\n\ttwo ü 高さ 👩‍👩‍👧 שלום [31m]";
  expect(printable(text)).toBe(text);
  expect(printable("a\r\nb")).toBe("a\nb");
});

it("leaves nothing that a terminal acts upon, in text and in JSON", () => {
  const acts = (text: string) => [...text].some((char) => /\p{Cc}/u.test(char) && char !== "\n" && char !== "\t");
  const noise = fc.string({
    unit: fc.constantFrom("\u001b", "[", "]", "3", "m", "\u0007", "\u009b", "\u007f", "\r", "\n", "x", "\u202e", "\\"),
  });
  fc.assert(
    fc.property(noise, (text) => {
      expect(acts(printable(text))).toBe(false);
      const json = printableJson({ text });
      expect(acts(json)).toBe(false);
      expect(JSON.parse(json)).toEqual({ text });
    }),
  );
});
