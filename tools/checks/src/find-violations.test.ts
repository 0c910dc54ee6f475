import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { appExports, apps, arrows, fences, folderOrders, toolApps, toolVendors } from "./boundary-rules.ts";
import { findViolations, readCheckout } from "./find-violations.ts";

const everything = new Set([
  "drizzle-orm",
  "pg",
  "pg-boss",
  "hono",
  "pino",
  "@footnote/core",
  "@footnote/storage",
  "@footnote/api",
  "@footnote/worker",
  "@footnote/sdk",
  "@footnote/cli",
  "@footnote/eval",
  "@footnote/server",
  "@xenova/transformers",
]);
const manifests = new Map(
  [
    "packages/retrieval",
    "packages/evaluation",
    "packages/core",
    "packages/jobs",
    "packages/sdk",
    "apps/cli",
    "apps/server",
    "apps/worker",
    "tools/eval",
    "tools/bench",
  ].map((at) => [at, everything]),
);
const rulesOf = (path: string, text: string) => findViolations([{ path, text }], manifests).map((violation) => violation.rule);

describe("boundaries", () => {
  it("holds in this checkout, and looks at it", () => {
    const { files, manifests: real } = readCheckout(join(import.meta.dirname, "../../.."));
    expect(files.length).toBeGreaterThan(40);
    expect(findViolations(files, real)).toEqual([]);
  });

  it.each([
    [
      "an arrow that does not exist",
      "packages/retrieval/src/x.ts",
      'import { openStore } from "@footnote/storage";',
      "retrieval may not import storage",
    ],
    ["core importing ours", "packages/core/src/x.ts", 'export { a } from "@footnote/sdk";', "core may not import sdk"],
    ["SQL outside storage", "packages/jobs/src/x.ts", 'import pg from "pg";', "SQL exists only in storage: jobs may not import pg"],
    [
      "a vendor behind a dynamic import",
      "packages/retrieval/src/x.ts",
      'const a = await import("@xenova/transformers");',
      "models run only in embedding: retrieval may not import @xenova/transformers",
    ],
    [
      "a type-only import of a vendor",
      "packages/core/src/x.ts",
      'import type { Pool } from "pg";',
      "SQL exists only in storage: core may not import pg",
    ],
    [
      "a relative path into another package",
      "packages/retrieval/src/x.ts",
      'import { a } from "../../core/src/ids.ts";',
      "a relative import leaves its package",
    ],
    [
      "an upward arrow between a package's folders",
      "packages/evaluation/src/gate/x.ts",
      'import type { Row } from "../reports/gate-table.ts";',
      "evaluation/gate may not import evaluation/reports, which comes after it",
    ],
    [
      "a folder importing the package's public list",
      "packages/evaluation/src/gate/x.test.ts",
      'import { runEvaluation } from "../index.ts";',
      "evaluation/gate may not import a file directly in evaluation/src",
    ],
    [
      "a folder without a place in the order",
      "packages/evaluation/src/helpers/x.ts",
      'import { mean } from "../statistics/bootstrap.ts";',
      "evaluation/helpers has no place in the order of evaluation's folders",
    ],
    ["an undeclared module", "packages/retrieval/src/x.ts", 'import a from "left-pad";', "the module is not in the package's package.json"],
    [
      "an app importing another app's inside",
      "apps/cli/src/x.ts",
      'import { problemResponse } from "@footnote/api";',
      "of api only createApi, serveApi, toProblem, apiEnvironmentSchema may be imported, not problemResponse",
    ],
    [
      "an app importing an app it may not",
      "apps/worker/src/x.ts",
      'import { createApi } from "@footnote/api";',
      "worker may not import api",
    ],
    [
      "Node in browser code",
      "packages/sdk/src/x.ts",
      'import { readFile } from "node:fs/promises";',
      "sdk runs in a browser and may not import Node's modules",
    ],
    [
      "a tool importing an app that is not the composition root",
      "tools/eval/src/x.ts",
      'import { createApi } from "@footnote/api";',
      "of the apps a tool may import only server, not api",
    ],
    [
      "a tool's test importing the command line",
      "tools/eval/src/x.test.ts",
      'import { runCommand } from "@footnote/cli";',
      "of the apps a tool may import only server, not cli",
    ],
    [
      "the product importing a tool, even in a test",
      "apps/cli/src/x.test.ts",
      'import { runGate } from "@footnote/eval";',
      "eval is a tool, which nothing may import",
    ],
    [
      "a tool importing another tool",
      "tools/bench/src/x.ts",
      'const a = await import("@footnote/eval");',
      "eval is a tool, which nothing may import",
    ],
    ["SQL in a tool", "tools/eval/src/x.ts", 'import pg from "pg";', "SQL exists only in storage: eval may not import pg"],
  ])("reports %s", (_name, path, text, rule) => {
    expect(rulesOf(path, text)).toContain(rule);
  });

  it("names only packages, folders and exports that exist", () => {
    const { files, manifests: real } = readCheckout(join(import.meta.dirname, "../../.."));
    const packages = new Set([...real.keys()].flatMap((home) => (home.startsWith("tools/") ? [] : [home.split("/")[1]])));
    const named = [
      ...Object.entries(arrows).flatMap(([owner, targets]) => [owner, ...targets]),
      ...Object.keys(appExports),
      ...apps,
      ...toolApps,
      ...fences.flatMap(({ only }) => only),
      ...Object.keys(folderOrders),
    ];
    expect(named.filter((name) => !packages.has(name))).toEqual([]);
    expect([...packages].toSorted()).toEqual(Object.keys(arrows).toSorted());
    expect([...real.keys()].filter((home) => home.startsWith("apps/")).toSorted()).toEqual(apps.map((app) => `apps/${app}`).toSorted());
    expect(Object.keys(toolVendors).filter((tool) => !real.has(`tools/${tool}`))).toEqual([]);
    for (const [app, names] of Object.entries(appExports)) {
      const shown = [`apps/${app}/src/index.ts`, `apps/${app}/src/env.ts`];
      const index = files.flatMap(({ path, text }) => (shown.includes(path) ? [text] : [])).join("\n");
      expect([app, names.filter((name) => !new RegExp(`\\b${name}\\b`, "u").test(index))]).toEqual([app, []]);
    }
    for (const [owner, folders] of Object.entries(folderOrders)) {
      const absent = folders.filter((folder) => !files.some(({ path }) => path.startsWith(`packages/${owner}/src/${folder}/`)));
      expect([owner, absent]).toEqual([owner, []]);
    }
  });

  it("lets through what is allowed", () => {
    expect(rulesOf("tools/eval/src/x.ts", 'import { openRuntime } from "@footnote/server";')).toEqual([]);
    expect(rulesOf("tools/bench/src/x.ts", 'import pg from "pg";')).toEqual([]);
    expect(
      rulesOf(
        "apps/server/src/x.ts",
        'import { createApi } from "@footnote/api";\nimport { join } from "node:path";\n// import pg from "pg"',
      ),
    ).toEqual([]);
    expect(rulesOf("packages/jobs/src/x.ts", 'import { PgBoss } from "pg-boss";')).toEqual([]);
  });

  it("refuses a file that it cannot parse", () => {
    expect(() => rulesOf("packages/core/src/x.ts", "import {")).toThrow(/cannot be parsed/u);
  });
});
