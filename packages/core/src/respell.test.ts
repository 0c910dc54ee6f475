import { expect, it } from "vitest";
import { respelled } from "./respell.ts";

it("writes whole words in their other spelling, wherever they stand, and leaves the words that hold them", () => {
  const corrections = [
    { from: "canten", to: "canteen" },
    { from: "tiems", to: "times" },
  ];
  expect(respelled("canten: (canten) tiems? canten-tiems, cantens, Canten", corrections)).toBe(
    "canteen: (canteen) times? canten-tiems, cantens, Canten",
  );
  expect(respelled("as it is", [])).toBe("as it is");
});
