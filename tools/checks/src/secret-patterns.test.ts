import { describe, expect, it } from "vitest";
import { findSecrets } from "./secret-patterns.ts";

// Put together at run time, so that this file is clean itself.
const known: [string, string][] = [
  ["private key", `-----BEGIN ${"PRIVATE KEY"}-----`],
  ["AWS access key", `AKIA${"ABCDEFGHIJKLMNOP"}`],
  ["GitHub token", `ghp_${"a1B2".repeat(9)}`],
  ["Anthropic key", `sk-ant-${"a1b2".repeat(8)}`],
  ["OpenAI key", `sk-${"a1b2".repeat(8)}`],
  ["Footnote key", `fn_live_${"0".repeat(26)}_${"a1B2".repeat(8)}`],
  ["password in a database URL", `postgres://app:${"hunter22"}@db.internal/footnote`],
];

describe("secret scan", () => {
  it.each(known)("finds a %s and says where", (name, value) => {
    expect(findSecrets("a.ts", `const ok = 1;\nconst key = "${value}";\n`)).toEqual([{ path: "a.ts", line: 2, name }]);
  });

  it("lets examples through", () => {
    const text = "DATABASE_URL=postgres://footnote_app:password@localhost/footnote\nAuthorization: Bearer fn_live_…\nsk-short";
    expect(findSecrets("README.md", text)).toEqual([]);
  });
});
