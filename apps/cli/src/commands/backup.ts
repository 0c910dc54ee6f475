import { resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { Command } from "commander";
import { findServer } from "../connection.ts";
import { prepare } from "../prepare.ts";
import type { CommonOptions, Context } from "@footnote/terminal";

export function addBackup(program: Command, context: Context): void {
  program
    .command("backup")
    .description("write everything that is kept, original files included, into a new folder")
    .argument("<folder>", "must not exist yet")
    .addHelpText(
      "after",
      "\nThe embedded store must not be in use: stop its server first.\n\nExample:\n  footnote backup /backups/footnote-2026-11-21",
    )
    .action(async (target: string, options: CommonOptions) => {
      const { env, folder, output } = await prepare(context, options);
      await refuseWhileServing(env.DATABASE_URL, folder);
      const { backupStore } = await import("@footnote/server/compose");
      const result = await backupStore({ env, folder, target: resolve(context.cwd, target) });
      output.print(`Written to ${resolve(context.cwd, target)}: ${describe(result)}`, {
        type: "backup",
        target: resolve(context.cwd, target),
        ...result,
      });
    });
  program
    .command("restore")
    .description("put a backup into an empty data folder or database")
    .argument("<folder>", "what `footnote backup` wrote")
    .addHelpText("after", "\nExample:\n  footnote restore /backups/footnote-2026-11-21 --data-dir .footnote-restored")
    .action(async (source: string, options: CommonOptions) => {
      const { env, folder, output } = await prepare(context, options);
      await refuseWhileServing(env.DATABASE_URL, folder);
      const { restoreStore } = await import("@footnote/server/compose");
      const result = await restoreStore({ env, folder, source: resolve(context.cwd, source) });
      output.print(`Restored: ${describe(result)}`, { type: "restore", ...result });
    });
}

function describe(result: object): string {
  return Object.entries(result)
    .filter(([, value]) => typeof value === "number" || typeof value === "string")
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}

async function refuseWhileServing(databaseUrl: string | undefined, folder: Parameters<typeof findServer>[0]): Promise<void> {
  const server = databaseUrl ? null : await findServer(folder);
  if (server) throw new FootnoteError("data_folder_in_use", `A server (process ${server.pid}) uses this data folder; stop it first.`);
}
