import { spawn } from "node:child_process";
import { once } from "node:events";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const root = join(import.meta.dirname, "../../..");

/** The test files that have properties in them, of their own or of a contract. */
export async function propertyTests(): Promise<string[]> {
  const found: string[] = [];
  for await (const file of glob("{packages,apps,tools}/*/src/**/*.test.ts", { cwd: root })) {
    if (/fc\.assert\(|[a-z]Contract\(/u.test(await readFile(join(root, file), "utf8"))) found.push(file);
  }
  return found.sort();
}

/** Runs the tests with the cases of a seed: whether all held, and what vitest says of those that did not. */
export async function tryProperties(files: readonly string[], seed: number): Promise<{ held: boolean; output: string }> {
  const child = spawn(join(root, "node_modules/.bin/vitest"), ["run", "--no-color", "--reporter=agent", ...files], {
    cwd: root,
    env: { ...process.env, FOOTNOTE_PROPERTY_SEED: String(seed) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = await ended;
  return { held: status === 0, output: output + errors };
}
