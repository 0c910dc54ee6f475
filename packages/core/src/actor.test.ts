import { expect, test } from "vitest";
import { maySeeCollection } from "./actor.ts";
import { newId } from "./ids.ts";

test("an allow-list lets its own collections be seen; without one all are", () => {
  const collection = newId("collection");
  expect(maySeeCollection({ collections: [collection] }, collection)).toBe(true);
  expect(maySeeCollection({ collections: [collection] }, newId("collection"))).toBe(false);
  expect(maySeeCollection({ collections: null }, newId("collection"))).toBe(true);
});
