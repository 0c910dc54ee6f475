import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedderContract } from "@footnote/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLocalEmbedder } from "./local-embedder.ts";
import { createProjectedEmbedder, projectedSpace } from "./projected-embedder.ts";

const local = createLocalEmbedder({ threads: 1 });
const projected = createProjectedEmbedder({ embedder: local });
afterAll(() => local.close());

embedderContract("projected", { create: () => projected });

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

describe("createProjectedEmbedder", () => {
  it("keeps what is alike together, in a third of the numbers", async () => {
    const texts = ["How long is the boiler guaranteed?", "The boiler's warranty lasts seven years.", "Parking is behind the building."];
    const [asked, warranty, parking] = (await projected.embed({ texts, purpose: "passage" })).map(({ vector }) => vector);
    if (!asked || !warranty || !parking) throw new Error("three vectors were asked for");
    expect(asked).toHaveLength(projectedSpace.dimensions);
    expect(cosine(asked, warranty)).toBeGreaterThan(cosine(asked, parking) + 0.2);
  });

  it("does not close the embedder that it projects", async () => {
    await projected.close();
    expect(await local.embed({ texts: ["still there"], purpose: "query" })).toHaveLength(1);
  });

  describe("with a projection that is damaged", () => {
    let folder = "";
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "footnote-projection-"));
      await writeFile(join(folder, "bad.bin"), "short");
    });
    afterAll(() => rm(folder, { recursive: true }));
    it("says so when it is used", async () => {
      const broken = createProjectedEmbedder({ embedder: local, projectionPath: join(folder, "bad.bin") });
      await expect(broken.embed({ texts: ["x"], purpose: "query" })).rejects.toMatchObject({ code: "configuration_invalid" });
    });
  });
});
