import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runFootnote } from "../testing/run-footnote.ts";

/** A server that says of itself what the sidecar does. */
let server: ReturnType<typeof createServer>;
let url = "";
let available: string[] = [];

beforeEach(async () => {
  available = ["faithfulness"];
  server = createServer((request, response) => {
    const send = (status: number, answer: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    };
    if (request.url === "/readyz") {
      const ready = available.length > 0;
      const dependencies = { judge: { status: ready ? "ok" : "not_configured", latency_ms: null, detail: ready ? "answers" : "set it" } };
      send(ready ? 200 : 503, { status: ready ? "ready" : "not_ready", dependencies });
    } else if (request.headers.authorization !== "Bearer sesame") {
      send(401, { type: "t", title: "t", status: 401, code: "unauthorized", detail: "The token is wrong.", requestId: "r" });
    } else {
      const versions = { service: "0.1.0", ragas: "0.4.3", judge_model: "judge", embeddings_model: null };
      const data = available.map((name) => ({ name, fields: ["response"], judge: true, embeddings: false, available: true }));
      send(200, { data, versions });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe("doctor", () => {
  const ragas = async (variables: Record<string, string>) => {
    const dataDir = await mkdtemp(join(tmpdir(), "footnote-doctor-"));
    try {
      // Another server, so that no store is opened here.
      const { lines } = await runFootnote(["doctor", "--json"], {
        dataDir,
        variables: { FOOTNOTE_URL: "http://127.0.0.1:1", ...variables },
      });
      return lines().find(({ check }) => check === "ragas");
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  };

  it("says how the sidecar is", async () => {
    expect(await ragas({})).toMatchObject({ status: "ok", detail: expect.stringContaining("none set") });
    expect(await ragas({ RAGAS_URL: url, RAGAS_TOKEN: "sesame" })).toMatchObject({
      status: "ok",
      detail: `ragas 0.4.3 at ${url}; judge: answers`,
    });
    expect(await ragas({ RAGAS_URL: url, RAGAS_TOKEN: "wrong" })).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("token"),
    });
    available = [];
    expect(await ragas({ RAGAS_URL: url, RAGAS_TOKEN: "sesame" })).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("set it"),
    });
    expect(await ragas({ RAGAS_URL: "http://127.0.0.1:1" })).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("could not be reached"),
    });
  });
});
