import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("../../../tools/training/cross-encoder", import.meta.url));
const hasPython = spawnSync("python3", ["--version"]).status === 0;

it.skipIf(!hasPython)("makes training groups of documentation as the script's own tests say", () => {
  const { status, stderr } = spawnSync("python3", ["-m", "unittest", "-q", "test_make_pairs"], {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
});
