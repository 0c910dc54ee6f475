import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, relative, sep } from "node:path";
import { parseSync } from "oxc-parser";
import { appExports, apps, arrows, browserPackages, fences, folderOrders, toolApps, toolVendors } from "./boundary-rules.ts";

export interface SourceFile {
  /** Path from the repository's root, with `/`. */
  path: string;
  text: string;
}

export interface Violation {
  path: string;
  specifier: string;
  rule: string;
}

interface Import {
  specifier: string;
  names: string[];
}

export function importsOf(file: SourceFile): Import[] {
  const parsed = parseSync(file.path, file.text);
  const fatal = parsed.errors.find((error) => error.severity === "Error");
  if (fatal) throw new Error(`${file.path} cannot be parsed: ${fatal.message}`);
  const found: Import[] = parsed.module.staticImports.map((entry) => ({
    specifier: entry.moduleRequest.value,
    names: entry.entries.map((name) => name.importName.name ?? name.importName.kind),
  }));
  for (const statement of parsed.module.staticExports) {
    for (const entry of statement.entries) {
      if (entry.moduleRequest) found.push({ specifier: entry.moduleRequest.value, names: [entry.importName.name ?? "*"] });
    }
  }
  for (const entry of parsed.module.dynamicImports) {
    const argument = file.text.slice(entry.moduleRequest.start, entry.moduleRequest.end);
    if (/^["'`]/u.test(argument)) found.push({ specifier: argument.slice(1, -1), names: ["*"] });
  }
  return found;
}

const isTest = (path: string) => /\.test\.ts$|\/testing\//u.test(path);

/**
 * Everything in `files` that crosses a boundary it may not cross. `manifests` maps a package's folder name to the names its
 * package.json lists. Tests may use vendors and other packages freely, but not undeclared ones.
 */
export function findViolations(files: readonly SourceFile[], manifests: ReadonlyMap<string, ReadonlySet<string>>): Violation[] {
  const tools = new Set([...manifests.keys()].flatMap((home) => (home.startsWith("tools/") ? [home.slice("tools/".length)] : [])));
  return files.flatMap((file) => {
    const [group = "", folder = ""] = file.path.split("/");
    const importer: Importer = {
      path: file.path,
      home: `${group}/${folder}`,
      owner: folder,
      isTool: group === "tools",
      tools,
      declared: manifests.get(`${group}/${folder}`) ?? new Set<string>(),
    };
    return importsOf(file).flatMap((entry) =>
      brokenRules(importer, entry).map((rule) => ({ path: file.path, specifier: entry.specifier, rule })),
    );
  });
}

interface Importer {
  path: string;
  /** Its package's folder. */
  home: string;
  /** Its package's name in the rules. */
  owner: string;
  /** Tools have no arrows of their own: they may import every package and, of the apps, the composition root. */
  isTool: boolean;
  /** The names of all tools. */
  tools: ReadonlySet<string>;
  declared: ReadonlySet<string>;
}

function brokenRules(importer: Importer, { specifier, names }: Import): string[] {
  const { owner, path, declared, isTool } = importer;
  if (specifier.startsWith(".")) return brokenByRelative(importer, specifier);
  const bare = specifier.startsWith("@") ? specifier.split("/").slice(0, 2).join("/") : (specifier.split("/")[0] ?? specifier);
  if (specifier.startsWith("node:") || builtinModules.includes(bare)) {
    const inBrowser = browserPackages.includes(owner) && !isTest(path);
    return inBrowser ? [`${owner} runs in a browser and may not import Node's modules`] : [];
  }
  const undeclared = declared.has(bare) ? [] : ["the module is not in the package's package.json"];
  const ofTools = brokenByTool(importer, specifier);
  if (isTest(path)) return [...undeclared, ...ofTools];
  const isOpen = isTool && toolVendors[owner]?.test(specifier) === true;
  const fenced = fences.filter((fence) => !isOpen && fence.vendor.test(specifier) && !fence.only.includes(owner));
  const arrow = isTool ? [] : brokenByArrow(owner, specifier, names);
  return [...undeclared, ...ofTools, ...arrow, ...fenced.map(({ why }) => `${why}: ${owner} may not import ${bare}`)];
}

/** Of the apps a tool may import the composition root alone, and nothing imports a tool; tests are held to it too. */
function brokenByTool({ owner, isTool, tools }: Importer, specifier: string): string[] {
  const ours = ourPackage(specifier);
  if (ours === undefined) return [];
  if (tools.has(ours) && !(isTool && ours === owner)) return [`${ours} is a tool, which nothing may import`];
  return isTool && apps.includes(ours) && !toolApps.includes(ours)
    ? [`of the apps a tool may import only ${toolApps.join(", ")}, not ${ours}`]
    : [];
}

function brokenByRelative({ path, home, owner, isTool }: Importer, specifier: string): string[] {
  const target = join(path, "..", specifier).split(sep).join("/");
  const upward = isTool ? null : upwardArrow(owner, path, target);
  return [...(target.startsWith(`${home}/`) ? [] : ["a relative import leaves its package"]), ...(upward === null ? [] : [upward])];
}

const ourPackage = (specifier: string): string | undefined => /^@footnote\/([a-z]+)/u.exec(specifier)?.[1];

function brokenByArrow(owner: string, specifier: string, names: readonly string[]): string[] {
  const ours = ourPackage(specifier);
  if (ours === undefined) return [];
  const broken: string[] = [];
  if (ours === owner) broken.push("a package imports itself by name");
  else if (!arrows[owner]?.includes(ours)) broken.push(`${owner} may not import ${ours}`);
  const allowed = appExports[ours];
  const other = allowed && names.find((name) => !allowed.includes(name));
  if (allowed && other !== undefined) broken.push(`of ${ours} only ${allowed.join(", ")} may be imported, not ${other}`);
  return broken;
}

/** What is wrong with a relative import in a package whose folders stand in an order. */
function upwardArrow(owner: string, path: string, target: string): string | null {
  const order = folderOrders[owner];
  if (!order) return null;
  const folderOf = (file: string) => file.split("/").slice(3, -1)[0];
  const [from, to] = [folderOf(path), folderOf(target)];
  if (from === undefined) return null;
  if (!order.includes(from)) return `${owner}/${from} has no place in the order of ${owner}'s folders`;
  if (to === undefined) return `${owner}/${from} may not import a file directly in ${owner}/src`;
  return order.indexOf(to) <= order.indexOf(from) ? null : `${owner}/${from} may not import ${owner}/${to}, which comes after it`;
}

/** Reads the TypeScript sources and manifests of a checkout. */
export function readCheckout(root: string): { files: SourceFile[]; manifests: Map<string, Set<string>> } {
  const files: SourceFile[] = [];
  const manifests = new Map<string, Set<string>>();
  for (const group of ["packages", "apps", "tools"]) {
    for (const folder of readdirSync(join(root, group))) {
      const source = join(root, group, folder, "src");
      // Python's tools are no packages; sources without a manifest are an error.
      if (!existsSync(source)) continue;
      const manifest: unknown = JSON.parse(readFileSync(join(root, group, folder, "package.json"), "utf8"));
      manifests.set(`${group}/${folder}`, new Set(declaredNames(manifest)));
      for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.tsx?$/u.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        files.push({ path: relative(root, path).split(sep).join("/"), text: readFileSync(path, "utf8") });
      }
    }
  }
  return { files, manifests };
}

function declaredNames(manifest: unknown): string[] {
  if (typeof manifest !== "object" || manifest === null) return [];
  // Every workspace package may use the root's test tools.
  const names: string[] = ["vitest", "fast-check"];
  for (const [field, value] of Object.entries(manifest)) {
    if (field.endsWith("ependencies") && typeof value === "object" && value !== null) names.push(...Object.keys(value));
    if (field === "name" && typeof value === "string") names.push(value);
  }
  return names;
}
