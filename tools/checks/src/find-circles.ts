import { posix } from "node:path";
import { importsOf, type SourceFile } from "./find-violations.ts";

/**
 * Circles of relative imports, each as its files in the order in which they import one another. Imports of types count: a circle of them loads,
 * and still means that no file of it can be read or moved alone. The linter's `import/no-cycle` leaves them out.
 */
export function findCircles(files: readonly SourceFile[]): string[][] {
  const known = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const circles: string[][] = [];
  function walk(path: string, above: readonly string[]): void {
    const at = above.indexOf(path);
    if (at >= 0) {
      circles.push([...above.slice(at), path]);
      return;
    }
    const file = known.get(path);
    if (!file || done.has(path)) return;
    for (const { specifier } of importsOf(file)) {
      if (specifier.startsWith(".")) walk(posix.join(path, "..", specifier), [...above, path]);
    }
    done.add(path);
  }
  for (const { path } of files) walk(path, []);
  return circles;
}
