/** Looks for credentials in the tracked files, or in those named (the pre-commit hook names the staged ones). */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findSecrets } from "./secret-patterns.ts";

const root = join(import.meta.dirname, "../../..");
const named = process.argv.slice(2);
const paths =
  named.length > 0 ? named : execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 }).split("\0");
const binary = /\.(?:pdf|png|docx|pptx|xlsx|onnx|bin|gz|xz|zip)$/u;
let checked = 0;
let count = 0;
for (const path of paths) {
  if (!path || binary.test(path) || !existsSync(join(root, path))) continue;
  checked += 1;
  for (const { line, name } of findSecrets(path, readFileSync(join(root, path), "utf8"))) {
    console.error(`${path}:${line}: looks like a ${name}; remove it, and revoke it if it was real`);
    count += 1;
  }
}
console.log(`secrets: ${checked} files, ${count} findings`);
process.exitCode = count > 0 || checked === 0 ? 1 : 0;
