import { resolve } from "node:path";
import { openDataFolder } from "@footnote/server/data-folder";
import type { DataFolder } from "@footnote/server/data-folder";
import { readEnvironment } from "@footnote/server/env";
import type { Environment } from "@footnote/server/env";
import { type CommonOptions, type Context, createOutput, type Output } from "@footnote/terminal";

/** Configuration, data folder and output of one command. */
export async function prepare(context: Context, options: CommonOptions): Promise<{ env: Environment; folder: DataFolder; output: Output }> {
  const env = readEnvironment({
    variables: { ...context.variables, ...(options.dataDir ? { FOOTNOTE_DATA_DIR: options.dataDir } : {}) },
    folder: context.cwd,
  });
  const folder = await openDataFolder(resolve(context.cwd, env.FOOTNOTE_DATA_DIR));
  const redraws = context.variables.TERM !== "dumb";
  return { env, folder, output: createOutput({ json: options.json ?? false, terminal: context.terminal, redraws }) };
}
