import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandLine } from "@footnote/terminal/testing";
import { traceExportSchema } from "@footnote/sdk";
import { expect, it, onTestFinished } from "vitest";
import { runCommand } from "../program.ts";
import { inCheckout } from "../shared-folder.ts";

it("replays the traces of a folder, and says which it cannot read and which came out differently", async () => {
  const root = await mkdtemp(join(tmpdir(), "footnote-traces-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const folder = join(root, "traces");
  const empty = join(root, "empty");
  await mkdir(folder);
  await mkdir(empty);
  const file = join(folder, "trace.json");
  await copyFile(inCheckout("evals/traces/generated.json"), file);
  const traces = (where: string) => runCommandLine(runCommand, ["traces", where]);

  expect(await traces(folder)).toMatchObject({ code: 0, out: "ok     trace.json: as recorded\n" });
  const trace = traceExportSchema.parse(JSON.parse(await readFile(file, "utf8")));
  await writeFile(file, JSON.stringify({ ...trace, answer: { ...trace.answer, text: "Something else." } }));
  expect(await traces(folder)).toMatchObject({ code: 1, out: expect.stringContaining("FAILED trace.json: text:") });
  await writeFile(join(folder, "other.json"), '{"name":"package"}');
  const failing: [string, RegExp][] = [
    [folder, /^other\.json is no trace that footnote trace export wrote/u],
    [empty, /^There is no trace in .*export one/u],
    [join(root, "absent"), /^There is no folder .*absent; name one/u],
  ];
  for (const [where, message] of failing) {
    expect(await traces(where)).toMatchObject({ code: 1, err: expect.stringMatching(message) });
  }
});
