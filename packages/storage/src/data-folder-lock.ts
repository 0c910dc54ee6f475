import { createHash } from "node:crypto";
import { realpath, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FootnoteError } from "@footnote/core";

/**
 * Holds a data folder for this process by listening on a socket named after the folder's real path. On Linux the name is
 * in the abstract namespace (Windows: a pipe): binding is atomic, and the kernel frees it when the process ends, however
 * it ends. Elsewhere it is a socket file, and one that nobody answers on is a dead process's. Other machines and
 * containers with their own network namespace are not seen: a data folder belongs to one of them.
 */
export async function lockDataFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const hash = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex");
  const server = createServer((socket) => socket.destroy());
  const name = socketName(process.platform, hash);
  try {
    await listen(server, name);
  } catch (error) {
    if (!isTaken(error)) throw error;
    if (!name.startsWith("/") || (await answers(name))) {
      throw new FootnoteError("data_folder_in_use", `Another process uses the data folder ${folder}; use its server, or stop it first.`);
    }
    await rm(name, { force: true });
    await listen(server, name);
  }
  server.unref();
  let released = false;
  return {
    async release() {
      if (released) return;
      released = true;
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function socketName(platform: NodeJS.Platform, hash: string): string {
  if (platform === "linux") return `\0footnote-${hash}`;
  if (platform === "win32") return `\\\\.\\pipe\\footnote-${hash}`;
  return join(tmpdir(), `footnote-${hash.slice(0, 24)}.sock`);
}

function listen(server: Server, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(name, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function answers(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(name, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
