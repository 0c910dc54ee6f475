import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@footnote/sdk";
import { expect, it, onTestFinished } from "vitest";
import { findFiles, reasonOf } from "@footnote/server/files";
import type { FoundFile } from "@footnote/server/files";
import { findHandbook } from "@footnote/server/handbook";
import { ingestFiles } from "./ingest-files.ts";
import { createOutput } from "@footnote/terminal";
import { fakeTerminal } from "@footnote/terminal/testing";

/** A client of a server that answers so; what is sent elsewhere fails the test. */
function clientOf(replies: Record<string, (request: Request) => Response>) {
  return createClient({
    url: "http://test",
    key: "fn_live_x",
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const reply = replies[`${request.method} ${pathname}`];
      if (!reply) throw new Error(`Unexpected: ${request.method} ${pathname}`);
      return reply(request);
    },
  });
}

const now = "2026-11-21T00:00:00.000Z";
const collection = { id: "col_1", name: "c", pipeline: "default", pipelineHash: "0", documentCount: 0, createdAt: now, updatedAt: now };

it("tells of files that cannot be opened, and sends nothing for them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "footnote-ingest-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "gone.md"), "gone");
  const files: FoundFile[] = [
    ...(await findFiles([folder])),
    { path: join(folder, "locked"), externalId: "locked", sizeBytes: 0, unreadable: "It cannot be read; change its permissions." },
  ];
  await rm(join(folder, "gone.md"));
  const terminal = fakeTerminal();
  const counts = await ingestFiles({
    client: clientOf({
      "PUT /v1/collections/c": () => Response.json(collection),
      "GET /v1/collections/c/documents": () => Response.json({ data: [], nextCursor: null }),
    }),
    collection: "c",
    files,
    output: createOutput({ json: false, terminal }),
    signal: new AbortController().signal,
  });
  expect(counts).toEqual({ ingested: 0, unchanged: 0, failed: 0, refused: 2 });
  expect(terminal.err()).toContain("gone.md: unreadable: It is gone; it was there a moment ago.\n");
  expect(terminal.err()).toContain("locked: unreadable: It cannot be read; change its permissions.\n");
});

it("gives reasons without paths", () => {
  const failed = (code?: string) => reasonOf(Object.assign(new Error("EACCES: /secret/path"), code ? { code } : {}));
  expect(failed("EACCES")).toBe("It cannot be read; change its permissions.");
  expect(failed("EIO")).toBe("It cannot be read (EIO); check the disk and the file.");
  expect(failed()).toBe("It cannot be read; check the disk and the file.");
});

it("finds the sample documents with their question, or nothing", async () => {
  expect(await findHandbook("/nowhere")).toBeNull();
  expect((await findHandbook())?.question).toMatch(/\?$/u);
});
