import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { FootnoteError } from "@footnote/core";

export interface FoundFile {
  /** Absolute. */
  path: string;
  /** Path below what was given, with `/`; the document's external id. */
  externalId: string;
  sizeBytes: number;
  /** Set for what is there but cannot be opened. */
  unreadable?: string;
}

/** Files below the given files and folders, sorted; hidden ones and node_modules are passed over, folders that cannot be read come as unreadable. Throws `invalid_request` for a path that does not exist. */
export async function findFiles(paths: readonly string[]): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  const names = new Set<string>();
  for (const given of paths) {
    const path = resolve(given);
    const info = await stat(path).catch(() => null);
    if (!info) throw new FootnoteError("invalid_request", `There is no file or folder ${given}; check the path.`);
    const root = info.isDirectory() ? path : dirname(path);
    // Two folders may hold files of the same name: then the folder's own name comes in front.
    const prefix = paths.length > 1 && info.isDirectory() ? `${basename(path)}/` : "";
    for await (const { path: file, unreadable } of info.isDirectory() ? walk(path) : [{ path, unreadable: undefined }]) {
      const real = await realpath(file);
      if (found.has(real)) continue;
      const { size } = await stat(real);
      let externalId = prefix + relative(root, file).split(sep).join("/");
      if (names.has(externalId)) externalId = relative(process.cwd(), file).split(sep).join("/");
      names.add(externalId);
      found.set(real, { path: file, externalId, sizeBytes: size, ...(unreadable ? { unreadable } : {}) });
    }
  }
  return [...found.values()].sort((a, b) => (a.externalId < b.externalId ? -1 : 1));
}

/** Why the file system refused, without the path. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "EACCES" || code === "EPERM") return "It cannot be read; change its permissions.";
  if (code === "ENOENT") return "It is gone; it was there a moment ago.";
  return `It cannot be read${code ? ` (${code})` : ""}; check the disk and the file.`;
}

async function* walk(folder: string): AsyncGenerator<{ path: string; unreadable?: string }> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    return yield { path: folder, unreadable: reasonOf(error) };
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield { path };
    else if (entry.isSymbolicLink() && (await stat(path).catch(() => null))?.isFile()) yield { path };
  }
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path)) hash.update(part);
  return hash.digest("hex");
}

const mediaTypes: Readonly<Record<string, string>> = {
  pdf: "application/pdf",
  html: "text/html",
  htm: "text/html",
  xhtml: "application/xhtml+xml",
  md: "text/markdown",
  markdown: "text/markdown",
  rst: "text/x-rst",
  txt: "text/plain",
  text: "text/plain",
  csv: "text/csv",
  tsv: "text/tab-separated-values",
  eml: "message/rfc822",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

/** What a file's name says of its type; the server looks at the content. */
export function mediaTypeOfName(name: string): string {
  return mediaTypes[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}
