import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sha256 } from "@footnote/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fittedList, writeFitted } from "./write-fitted.ts";

let checkout = "";
beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), "footnote-write-fitted-"));
  await mkdir(join(checkout, "weights"));
  await mkdir(dirname(join(checkout, fittedList)), { recursive: true });
  await writeFile(join(checkout, fittedList), "");
});
afterEach(() => rm(checkout, { recursive: true, force: true }));

const fusion = (weight: number) => ({ family: "fusion", by: "pnpm eval fit", data: ["claims"], content: { weights: { lexical: weight } } });
const write = async (weight: number) => (await writeFitted(checkout, "weights", [fusion(weight)])).join();
const read = (name: string) => readFile(join(checkout, "weights", `${name}.json`), "utf8");

describe("writing what was fitted", () => {
  it("makes the next version each time, says what made it, and leaves those before as they are", async () => {
    expect(await write(0.1)).toBe("fusion@1");
    const first = await read("fusion@1");
    expect(JSON.parse(first)).toEqual({
      name: "fusion@1",
      made: { by: "pnpm eval fit", commit: "unknown", data: ["claims"] },
      weights: { lexical: 0.1 },
    });
    expect(await write(0.2)).toBe("fusion@2");
    expect(await write(0.1)).toBe("fusion@3");
    expect(await read("fusion@1")).toBe(first);
    const lines = await Promise.all(
      ["fusion@1", "fusion@2", "fusion@3"].map(async (name) => `${sha256(await read(name))}  weights/${name}.json\n`),
    );
    expect(await readFile(join(checkout, fittedList), "utf8")).toBe(lines.join(""));
  });

  it("makes no version of what is the newest already, and counts each family by itself", async () => {
    await writeFile(join(checkout, "weights", "fusion-without@7.json"), "{}");
    expect([await write(0.1), await write(0.1)]).toEqual(["fusion@1", "fusion@1"]);
    expect((await readdir(join(checkout, "weights"))).toSorted()).toEqual(["fusion-without@7.json", "fusion@1.json"]);
  });
});
