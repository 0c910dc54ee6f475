import { join } from "node:path";
import { findViolations, readCheckout } from "./find-violations.ts";

const { files, manifests } = readCheckout(join(import.meta.dirname, "../../.."));
const violations = findViolations(files, manifests);
for (const { path, specifier, rule } of violations) console.error(`${path}: "${specifier}": ${rule}`);
console.log(`boundaries: ${files.length} files, ${violations.length} violations`);
process.exitCode = violations.length > 0 || files.length === 0 ? 1 : 0;
