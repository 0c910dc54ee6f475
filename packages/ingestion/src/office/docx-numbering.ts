import { childAt, childElements } from "./xml-tree.ts";
import type { XmlElement } from "./xml-tree.ts";

interface NumberLevel {
  format: string;
  start: number;
}

/** List definitions: levels by number id and depth; ids that share a definition share its counters. */
export interface Numbering {
  readonly levels: ReadonlyMap<string, { definition: string; levels: ReadonlyMap<number, NumberLevel> }>;
}

export interface ListNumbering {
  /** Counts one item and returns its marker with a space, such as `3. `; empty for bullets. */
  next(numberId: string, depth: number): string;
}

export function readNumbering(root: XmlElement | null): Numbering {
  const numbering = childElements(root ?? undefined)[0];
  const definitions = new Map<string, Map<number, NumberLevel>>();
  for (const definition of childElements(numbering, "abstractNum")) {
    const levels = new Map<number, NumberLevel>();
    for (const level of childElements(definition, "lvl")) {
      levels.set(Number(level.attributes["ilvl"] ?? 0), {
        format: childAt(level, "numFmt")?.attributes["val"] ?? "decimal",
        start: Number(childAt(level, "start")?.attributes["val"] ?? 1) || 1,
      });
    }
    definitions.set(definition.attributes["abstractNumId"] ?? "", levels);
  }
  const levels = new Map<string, { definition: string; levels: Map<number, NumberLevel> }>();
  for (const number of childElements(numbering, "num")) {
    const definition = childAt(number, "abstractNumId")?.attributes["val"] ?? "";
    // A number with its own start value counts apart from the others of its definition.
    const apart = childAt(number, "lvlOverride", "startOverride") !== undefined;
    const id = number.attributes["numId"] ?? "";
    levels.set(id, {
      definition: apart ? `${definition}/${id}` : definition,
      levels: definitions.get(definition) ?? new Map<number, NumberLevel>(),
    });
  }
  return { levels };
}

export function createListNumbering(numbering: Numbering): ListNumbering {
  const counters = new Map<string, number[]>();
  return {
    next(numberId, depth) {
      const list = numbering.levels.get(numberId);
      const level = list?.levels.get(depth);
      if (list === undefined || level === undefined || level.format === "bullet" || level.format === "none") return "";
      const counts = counters.get(list.definition) ?? [];
      counters.set(list.definition, counts);
      counts.length = Math.min(counts.length, depth + 1);
      counts[depth] = (counts[depth] ?? level.start - 1) + 1;
      return `${formatNumber(counts[depth], level.format)}. `;
    },
  };
}

function formatNumber(number: number, format: string): string {
  const letter = String.fromCharCode(97 + ((number - 1) % 26));
  if (format === "lowerLetter") return letter;
  if (format === "upperLetter") return letter.toUpperCase();
  if (format === "lowerRoman") return roman(number);
  if (format === "upperRoman") return roman(number).toUpperCase();
  return String(number);
}

function roman(number: number): string {
  const values: readonly [value: number, sign: string][] = [
    [100, "c"],
    [90, "xc"],
    [50, "l"],
    [40, "xl"],
    [10, "x"],
    [9, "ix"],
    [5, "v"],
    [4, "iv"],
    [1, "i"],
  ];
  let left = Math.min(number, 399);
  let result = "";
  for (const [value, sign] of values) {
    while (left >= value) {
      result += sign;
      left -= value;
    }
  }
  return result;
}
