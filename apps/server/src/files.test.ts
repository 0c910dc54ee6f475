import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { findFiles, hashFile, mediaTypeOfName } from "./files.ts";

async function tree(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "footnote-files-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

it("finds files below a folder, sorted, without hidden ones and node_modules", async () => {
  const folder = await tree({ "b.md": "b", "a/c.txt": "cc", ".git/x": "", "node_modules/y.md": "", ".hidden": "" });
  expect((await findFiles([folder])).map(({ externalId, sizeBytes }) => [externalId, sizeBytes])).toEqual([
    ["a/c.txt", 2],
    ["b.md", 1],
  ]);
});

it("takes single files, each once, and tells folders of equal names apart", async () => {
  const folder = await tree({ "one/x.md": "1", "two/x.md": "2" });
  const found = await findFiles([join(folder, "one"), join(folder, "two"), join(folder, "one/x.md")]);
  expect(found.map(({ externalId }) => externalId)).toEqual(["one/x.md", "two/x.md"]);
  expect((await findFiles([join(folder, "one/x.md")])).map(({ externalId }) => externalId)).toEqual(["x.md"]);
});

it("follows links to files only", async () => {
  const folder = await tree({ "a.md": "a", "sub/b.md": "b" });
  await symlink(join(folder, "sub"), join(folder, "loop"));
  await symlink(join(folder, "nothing"), join(folder, "broken.md"));
  expect((await findFiles([folder])).map(({ externalId }) => externalId)).toEqual(["a.md", "sub/b.md"]);
});

it("says which path does not exist", async () => {
  await expect(findFiles(["no/such/thing"])).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringContaining("no/such/thing"),
  });
});

it("hashes bytes", async () => {
  const folder = await tree({ "a.txt": "abc" });
  expect(await hashFile(join(folder, "a.txt"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

it("guesses a type from a name", () => {
  expect(["A.PDF", "b.md", "c.htm", "d.unknown", "noextension"].map(mediaTypeOfName)).toEqual([
    "application/pdf",
    "text/markdown",
    "text/html",
    "application/octet-stream",
    "application/octet-stream",
  ]);
});
