import { expect, test } from "vitest";
import { readApiEnvironment } from "./env.ts";

test("variables have defaults, and every error is told at once", () => {
  expect(readApiEnvironment({})).toEqual({ FOOTNOTE_MAX_UPLOAD_BYTES: 52_428_800, FOOTNOTE_CORS_ORIGINS: [] });
  expect(readApiEnvironment({ FOOTNOTE_CORS_ORIGINS: "https://a.example, http://localhost:3000" }).FOOTNOTE_CORS_ORIGINS).toEqual([
    "https://a.example",
    "http://localhost:3000",
  ]);
  expect(() => readApiEnvironment({ FOOTNOTE_MAX_UPLOAD_BYTES: "0", FOOTNOTE_CORS_ORIGINS: "*" })).toThrow(
    /MAX_UPLOAD_BYTES.*CORS_ORIGINS/,
  );
});
