import { readFile, rename, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { FootnoteError } from "@footnote/core";
import { type ProposedCase, readProposals, writeProposals } from "@footnote/evaluation/proposals";

/** The proposals of a file; null where there is none. */
export async function readProposalFile(path: string): Promise<ProposedCase[] | null> {
  try {
    return readProposals(await readFile(path, "utf8"), basename(path));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    if (error instanceof FootnoteError) throw error;
    throw new FootnoteError("invalid_request", `The file ${path} cannot be read; name a file of proposals.`, { cause: error });
  }
}

/** Whole or not at all: somebody's decisions stand in it. */
export async function writeProposalFile(path: string, proposals: readonly ProposedCase[]): Promise<void> {
  const half = `${path}.part`;
  await writeFile(half, writeProposals(proposals));
  await rename(half, path);
}
