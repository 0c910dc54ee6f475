import { existsSync } from "node:fs";
import { access, chmod, constants, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FootnoteError } from "@footnote/core";
import { z } from "zod";

const serverSchema = z.object({ url: z.string(), pid: z.number().int() });
const credentialsSchema = z.object({
  /** The operator's key, for /v1/admin. */
  adminKey: z.string(),
  /** The tenant that this machine's commands work in, and a key of it with every scope. */
  tenantId: z.string(),
  key: z.string(),
});
const demoSchema = z.object({ url: z.string(), key: z.string(), adminKey: z.string(), collection: z.string(), question: z.string() });

export type ServerFile = z.infer<typeof serverSchema>;
export type Credentials = z.infer<typeof credentialsSchema>;
export type DemoFile = z.infer<typeof demoSchema>;

export interface DataFolder {
  readonly path: string;
  readServer(): Promise<ServerFile | null>;
  writeServer(server: ServerFile): Promise<void>;
  removeServer(): Promise<void>;
  readCredentials(): Promise<Credentials | null>;
  writeCredentials(credentials: Credentials): Promise<void>;
  writeDemo(demo: DemoFile): Promise<void>;
  readDemo(): Promise<DemoFile | null>;
  removeDemo(): Promise<void>;
}

/** The small files beside the database: who serves here, with which keys. All of them are readable by their owner only. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  try {
    if (!existsSync(path)) await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!(await stat(path)).isDirectory()) throw new Error("not a folder");
  } catch (cause) {
    throw new FootnoteError(
      "configuration_invalid",
      `The data folder ${path} cannot be read and written; change its owner or permissions, or set FOOTNOTE_DATA_DIR or --data-dir.`,
      { cause },
    );
  }
  async function read<T>(name: string, schema: z.ZodType<T>): Promise<T | null> {
    try {
      return schema.parse(JSON.parse(await readFile(join(path, name), "utf8")));
    } catch {
      // Absent, half-written by a crash, or of another version: made again.
      return null;
    }
  }
  async function write(name: string, value: unknown): Promise<void> {
    const temporary = join(path, `.${name}.${process.pid}`);
    await writeFile(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    await chmod(temporary, 0o600);
    await rename(temporary, join(path, name));
  }
  return {
    path,
    readServer: () => read("server.json", serverSchema),
    writeServer: (server) => write("server.json", server),
    removeServer: () => rm(join(path, "server.json"), { force: true }),
    readCredentials: () => read("credentials.json", credentialsSchema),
    writeCredentials: (credentials) => write("credentials.json", credentials),
    readDemo: () => read("demo.json", demoSchema),
    writeDemo: (demo) => write("demo.json", demo),
    removeDemo: () => rm(join(path, "demo.json"), { force: true }),
  };
}
