import { FootnoteError } from "@footnote/core";
import type { ParseLimits } from "../parse-limits.ts";
import { childElements, parseXml } from "./xml-tree.ts";
import type { XmlElement } from "./xml-tree.ts";
import { openZip } from "./zip-reader.ts";

export interface Relationship {
  /** Last part of the type's address, such as `slide` or `footnotes`. */
  type: string;
  /** Name of the target part; an address when it lies outside of the package. */
  target: string;
  external: boolean;
}

export interface OfficePackage {
  readonly names: readonly string[];
  /** A part as an XML tree, or null when there is none. */
  xml(name: string): XmlElement | null;
  bytes(name: string): Uint8Array | null;
  /** A part's relationships by id. */
  relationships(part: string): Map<string, Relationship>;
  /** The title of the core properties. */
  title(): string | null;
}

/** Opens a ZIP based office file; says plainly when it is protected (then it is an OLE container). */
export function openOfficePackage(bytes: Uint8Array, limits: ParseLimits): OfficePackage {
  if (bytes[0] === 0xd0 && bytes[1] === 0xcf && bytes[2] === 0x11 && bytes[3] === 0xe0) {
    throw new FootnoteError("document_encrypted", "The file is protected by a password; remove the password and upload it again.");
  }
  const zip = openZip(bytes, limits);
  const xml = (name: string): XmlElement | null => {
    const part = zip.read(name);
    return part === null ? null : parseXml(part);
  };
  return {
    names: zip.names,
    bytes: (name) => zip.read(name),
    xml,
    relationships(part) {
      const slash = part.lastIndexOf("/");
      const folder = part.slice(0, slash + 1);
      const root = xml(`${folder}_rels/${part.slice(slash + 1)}.rels`);
      const list = childElements(childElements(root ?? undefined)[0], "Relationship");
      return new Map(
        list.map(({ attributes }) => {
          const external = attributes["TargetMode"] === "External";
          const target = attributes["Target"] ?? "";
          const type = (attributes["Type"] ?? "").split("/").at(-1) ?? "";
          return [attributes["Id"] ?? "", { type, external, target: external ? target : resolvePart(folder, target) }];
        }),
      );
    },
    title() {
      const name = zip.names.find((candidate) => /^docProps\/core\d*\.xml$/u.test(candidate));
      const root = name === undefined ? null : xml(name);
      const title = childElements(childElements(root ?? undefined)[0], "title")[0];
      const text = title?.children.find((child) => typeof child === "string")?.trim() ?? "";
      return text === "" ? null : text;
    },
  };
}

/** A relationship's target as a part name: relative to the part's folder, or to the root with a leading slash. */
function resolvePart(folder: string, target: string): string {
  const parts = target.startsWith("/") ? [] : folder.split("/").filter(Boolean);
  for (const step of target.split("/")) {
    if (step === "..") parts.pop();
    else if (step !== "" && step !== ".") parts.push(step);
  }
  return parts.join("/");
}

export function missingPart(what: string): FootnoteError {
  return new FootnoteError("document_corrupt", `The file has no ${what}; open and save it again, then upload it.`);
}
