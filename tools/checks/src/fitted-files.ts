import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `sha256sum -c tools/checks/fitted-files.sha256` in the checkout says the same. */
const list = "tools/checks/fitted-files.sha256";
const versioned = /^[a-z][a-z0-9-]*@[1-9]\d*\.json$/u;

/** What is wrong with the shipped files of fitted weights and formulas, one sentence each: a version that was shipped never changes. */
export function findFittedFaults(checkout: string): string[] {
  const listed = new Map(
    readFileSync(join(checkout, list), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line): [string, string] => [line.slice(66), line.slice(0, 64)]),
  );
  const shipped = readdirSync(join(checkout, "packages"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.includes("@") && path.endsWith(".json") && !path.includes("node_modules"))
    .map((path) => `packages/${path}`);
  const faults: string[] = [];
  for (const path of new Set([...listed.keys(), ...shipped])) {
    const hash = listed.get(path);
    if (!shipped.includes(path)) faults.push(`${path} is gone; stored pipelines may name it.`);
    else if (hash === undefined) faults.push(`${path} is not in ${list}; let the fitting command write it.`);
    else faults.push(...faultsOf(path, readFileSync(join(checkout, path)), hash));
  }
  return faults;
}

function faultsOf(path: string, bytes: Buffer, hash: string): string[] {
  const file = path.slice(path.lastIndexOf("/") + 1);
  if (createHash("sha256").update(bytes).digest("hex") !== hash) return [`${path} was changed; take it back and write the next version.`];
  if (!versioned.test(file)) return [`${path} is not named <name>@<version>.json.`];
  const content: unknown = JSON.parse(bytes.toString("utf8"));
  const name = typeof content === "object" && content !== null && "name" in content ? content.name : undefined;
  return `${String(name)}.json` === file ? [] : [`${path} calls itself ${String(name)}.`];
}
