import { expect, test } from "vitest";
import { apiEnvironmentSchema } from "./env.ts";

test("variables have defaults, and every error is told at once", () => {
  expect(apiEnvironmentSchema.parse({})).toEqual({ FOOTNOTE_MAX_UPLOAD_BYTES: 52_428_800, FOOTNOTE_CORS_ORIGINS: [] });
  expect(apiEnvironmentSchema.parse({ FOOTNOTE_CORS_ORIGINS: "https://a.example, http://localhost:3000" }).FOOTNOTE_CORS_ORIGINS).toEqual([
    "https://a.example",
    "http://localhost:3000",
  ]);
  const refused = apiEnvironmentSchema.safeParse({ FOOTNOTE_MAX_UPLOAD_BYTES: "0", FOOTNOTE_CORS_ORIGINS: "*" });
  const names = refused.error?.issues.map(({ path }) => path[0]);
  expect([...new Set(names)]).toEqual(["FOOTNOTE_MAX_UPLOAD_BYTES", "FOOTNOTE_CORS_ORIGINS"]);
});
