import { spawn } from "node:child_process";
import { once } from "node:events";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** The test files that have properties in them. */
export async function propertyTests(): Promise<string[]> {
  const found: string[] = [];
  for await (const file of glob("{packages,apps,tools}/*/src/**/*.test.ts", { cwd: root })) {
    if ((await readFile(join(root, file), "utf8")).includes("fc.assert(")) found.push(file);
  }
  return found.sort();
}

/** Runs the tests with the cases of a seed; prints what fails and returns whether all held. */
export async function tryProperties(files: readonly string[], seed: number): Promise<boolean> {
  const child = spawn(join(root, "node_modules/.bin/vitest"), ["run", "--reporter=agent", ...files], {
    cwd: root,
    env: { ...process.env, FOOTNOTE_PROPERTY_SEED: String(seed) },
    stdio: ["ignore", 2, 2],
  });
  const [status] = await once(child, "close");
  return status === 0;
}
