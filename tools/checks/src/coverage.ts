/** Holds the coverage of the last `vitest run --coverage` to the floor: 85 % of lines and branches over all. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const floor = 85;
const path = join(import.meta.dirname, "../../../coverage/coverage-summary.json");
if (!existsSync(path)) {
  console.error("coverage: no summary found; run vitest with --coverage first");
  process.exit(1);
}
const summary: { total: Record<"lines" | "branches", { pct: number }> } = JSON.parse(readFileSync(path, "utf8"));
const { lines, branches } = summary.total;
console.log(`coverage: ${lines.pct} % of lines, ${branches.pct} % of branches (floor ${floor} %)`);
process.exitCode = lines.pct >= floor && branches.pct >= floor ? 0 : 1;
