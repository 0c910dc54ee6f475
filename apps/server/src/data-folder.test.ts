import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openDataFolder } from "./data-folder.ts";

it("keeps its small files to their owner, and reads damaged ones as absent", async () => {
  const base = await mkdtemp(join(tmpdir(), "footnote-folder-"));
  onTestFinished(() => rm(base, { recursive: true }));
  const folder = await openDataFolder(join(base, "data"));
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  expect(await mode(folder.path)).toBe("700");
  expect(await folder.readServer()).toBeNull();
  await folder.writeServer({ url: "http://127.0.0.1:1", pid: 7 });
  await folder.writeCredentials({ adminKey: "a", tenantId: "t", key: "k" });
  await folder.writeDemo({ url: "u", key: "k", adminKey: "a", collection: "c", question: "q" });
  for (const name of ["server.json", "credentials.json", "demo.json"]) expect(await mode(join(folder.path, name))).toBe("600");
  expect(await folder.readServer()).toEqual({ url: "http://127.0.0.1:1", pid: 7 });
  expect(await folder.readDemo()).toMatchObject({ question: "q" });
  await writeFile(join(folder.path, "credentials.json"), '{"adminKey": 1');
  expect(await folder.readCredentials()).toBeNull();
  await folder.removeServer();
  await folder.removeDemo();
  expect([await folder.readServer(), await folder.readDemo()]).toEqual([null, null]);
});
