import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { preparePython } from "./python-environment.ts";

let root = "";
let folder = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "footnote-python-"));
  folder = join(root, "environment");
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function script(path: string, ...lines: string[]): Promise<string> {
  await writeFile(path, ["#!/bin/sh", ...lines, ""].join("\n"));
  await chmod(path, 0o755);
  return path;
}

it("takes the environment that is there, and installs nothing", async () => {
  await mkdir(join(folder, "bin"), { recursive: true });
  const python = await script(join(folder, "bin/python"), '[ "$2" = "import pypdfium2" ] && exit 0', "exit 1");
  const lines: string[] = [];
  expect(await preparePython({ name: "pdfium", folder, python: "/nowhere/python3", log: (line) => lines.push(line) })).toEqual({
    ok: true,
    python,
  });
  expect(lines).toEqual([]);
});

it("makes the environment and installs into it what the lock names, by hash", async () => {
  // The maker writes an interpreter that can import the package once pip has run.
  const maker = await script(
    join(root, "python3"),
    'mkdir -p "$3/bin"',
    `cat > "$3/bin/python" <<'END'`,
    "#!/bin/sh",
    `[ "$2" = pip ] && echo "$@" > "${root}/installed" && exit 0`,
    `[ -e "${root}/installed" ]`,
    "END",
    'chmod +x "$3/bin/python"',
  );
  const prepared = await preparePython({ name: "pdfium", folder, python: maker, log: () => {} });
  expect(prepared).toEqual({ ok: true, python: join(folder, "bin/python") });
  const [, lock = ""] =
    /^-m pip install .*--require-hashes --only-binary :all: -r (\S+)$/mu.exec(await readFile(join(root, "installed"), "utf8")) ?? [];
  expect(await readFile(lock, "utf8")).toMatch(/^pypdfium2==\S+ \\\n {4}--hash=sha256:[0-9a-f]{64}/mu);
});

it("says which step failed, with that program's last line", async () => {
  const maker = await script(join(root, "python3"), "echo one >&2", "echo no ensurepip here >&2", "exit 1");
  expect(await preparePython({ name: "pdfium", folder, python: maker, log: () => {} })).toEqual({
    ok: false,
    reason: "making a virtual environment failed: no ensurepip here",
  });
  const missing = await preparePython({ name: "pdfium", folder, python: join(root, "absent"), log: () => {} });
  expect(missing).toMatchObject({ ok: false, reason: expect.stringContaining("ENOENT") });
});

it("says so when what was installed cannot be imported", async () => {
  const maker = await script(
    join(root, "python3"),
    'mkdir -p "$3/bin"',
    `printf '#!/bin/sh\\n[ "$2" = pip ]\\n' > "$3/bin/python"`,
    'chmod +x "$3/bin/python"',
  );
  expect(await preparePython({ name: "pdfium", folder, python: maker, log: () => {} })).toEqual({
    ok: false,
    reason: "pdfium was installed and cannot be imported",
  });
});

it("stops when the signal has fired", async () => {
  await expect(preparePython({ name: "pdfium", folder, log: () => {}, signal: AbortSignal.abort() })).rejects.toThrow(/abort/iu);
});
