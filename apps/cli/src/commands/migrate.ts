import { FootnoteError } from "@footnote/core";
import type { Command } from "commander";
import { prepare } from "../prepare.ts";
import type { CommonOptions, Context } from "@footnote/terminal";

export function addMigrate(program: Command, context: Context): void {
  program
    .command("migrate")
    .description("bring the schema of DATABASE_URL up to date, as the owner of DATABASE_ADMIN_URL")
    .addHelpText(
      "after",
      "\nThe embedded store migrates by itself; this is for a Postgres server. Safe to repeat.\n\nExample:\n  DATABASE_URL=postgres://app@db/footnote DATABASE_ADMIN_URL=postgres://owner@db/footnote footnote migrate",
    )
    .action(async (options: CommonOptions) => {
      const { env, output } = await prepare(context, options);
      if (!env.DATABASE_URL || !env.DATABASE_ADMIN_URL) {
        throw new FootnoteError(
          "configuration_invalid",
          "Set DATABASE_URL (the app's role) and DATABASE_ADMIN_URL (the owner); the embedded store migrates by itself.",
        );
      }
      const { migrateServer } = await import("@footnote/server/compose");
      const { applied } = await migrateServer(env);
      output.print(applied.length === 0 ? "The schema is up to date." : `Applied: ${applied.join(", ")}`, { applied });
    });
}
