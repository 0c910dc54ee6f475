import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FootnoteError } from "@footnote/core";
import { expect, it, onTestFinished } from "vitest";
import { allPages } from "@footnote/server/all-pages";
import { findServer, inCollection, isAlive } from "./connection.ts";
import { openDataFolder } from "@footnote/server/data-folder";
import { runFootnote } from "./testing/run-footnote.ts";

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "footnote-connection-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return await openDataFolder(path);
}

it("finds no server where none was, where it has died, and where nothing answers", async () => {
  const data = await folder();
  expect(await findServer(data)).toBeNull();
  await data.writeCredentials({ adminKey: "a", tenantId: "t", key: "k" });
  const dead = spawnSync("true").pid;
  expect([isAlive(process.pid), isAlive(dead)]).toEqual([true, false]);
  for (const pid of [dead, process.pid]) {
    await data.writeServer({ url: "http://127.0.0.1:1", pid });
    expect(await findServer(data)).toBeNull();
  }
});

it("passes other errors than an unknown collection on", async () => {
  const error = new FootnoteError("timeout", "Too late; try again.");
  await expect(inCollection("c", () => Promise.reject(error))).rejects.toBe(error);
});

it("walks over every page", async () => {
  const seen: number[] = [];
  const list = async ({ cursor }: { cursor?: string | undefined }) =>
    cursor === undefined ? { data: [1, 2], nextCursor: "next" } : { data: [3], nextCursor: null };
  for await (const item of allPages(list)) seen.push(item);
  expect(seen).toEqual([1, 2, 3]);
});

it("says what a server could not do as asked", async () => {
  const end = {
    type: "answer-end",
    finishReason: "budget",
    usage: { model: "m", promptTokens: 0, completionTokens: 0, cachedTokens: 0, embeddedTokens: 0, modelCalls: 0 },
    cost: { currency: "USD", embed: 0, rerank: 0, generate: 0, total: 0 },
    timings: {},
    degraded: [],
  };
  const server = createServer((request, response) => {
    if (request.url === "/v1/search") {
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({
          hits: [],
          pipeline: "default",
          timings: {},
          degraded: [{ step: "dense", reason: "timeout", fallback: "lexical only" }],
        }),
      );
    } else {
      response.setHeader("content-type", "text/event-stream");
      response.end(`event: answer-end\ndata: ${JSON.stringify(end)}\n\n`);
    }
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  const options = { dataDir: (await folder()).path, variables: { FOOTNOTE_URL: url, FOOTNOTE_KEY: "fn_live_x" } };
  const search = await runFootnote(["search", "q"], options);
  expect([search.code, search.out, search.err]).toEqual([
    0,
    "Nothing was found.\n",
    "Degraded: dense failed (timeout), lexical only instead\n",
  ]);
  const ask = await runFootnote(["ask", "q", "--pipeline", "default"], options);
  expect([ask.code, ask.err]).toEqual([1, "The answer ended early: budget.\n"]);
});
