import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "tools/*/src/**/*.test.ts"],
    setupFiles: ["vitest.setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A limit for what never comes, not for a busy machine.
    expect: { poll: { timeout: 45_000 } },
    onConsoleLog: () => true,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts", "apps/{api,worker,server,cli}/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/testing/**"],
      reporter: ["text-summary", "json-summary"],
      reportOnFailure: true,
    },
  },
});
