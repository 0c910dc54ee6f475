import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { FootnoteError } from "@footnote/core";

/**
 * Holds a data folder for this process by listening on a socket in Linux's abstract namespace named after the real path:
 * binding is atomic, and the kernel frees the name when the process ends, however it ends.
 */
export async function lockDataFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const name = `\0footnote-${createHash("sha256")
    .update(await realpath(folder))
    .digest("hex")}`;
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      const taken = "code" in error && error.code === "EADDRINUSE";
      reject(
        taken
          ? new FootnoteError("data_folder_in_use", `Another process uses the data folder ${folder}; use its server, or stop it first.`)
          : error,
      );
    });
    server.listen(name, resolve);
  });
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
