import { FootnoteError } from "@footnote/core";
import type { Command } from "commander";
import { allPages } from "@footnote/server/all-pages";
import { connect } from "../connection.ts";
import type { Connection } from "../connection.ts";
import { prepare } from "../prepare.ts";
import type { CommonOptions, Context } from "@footnote/terminal";

/** The operator's view of the API, or an error that says whose key is missing. */
export function operatorOf(connection: Connection) {
  if (connection.operator) return connection.operator;
  throw new FootnoteError("forbidden", "This needs an operator's key; set FOOTNOTE_KEY to one that begins with fn_op_.");
}

export function addTenants(program: Command, context: Context): void {
  const tenants = program
    .command("tenants")
    .description("list and create tenants")
    .addHelpText("after", "\nExample:\n  footnote tenants create Acme");
  tenants
    .command("list")
    .description("all tenants")
    .addHelpText("after", "\nExample:\n  footnote tenants list --json")
    .action(async (_options: unknown, command: Command) => {
      const { env, folder, output } = await prepare(context, command.optsWithGlobals<CommonOptions>());
      const connection = await connect({ env, folder });
      try {
        for await (const tenant of allPages((page) => operatorOf(connection).admin.tenants.list(page)))
          output.print(`${tenant.id}  ${tenant.name}`, tenant);
      } finally {
        await connection.close();
      }
    });
  tenants
    .command("create")
    .description("a new tenant")
    .argument("<name>")
    .addHelpText("after", `\nExample:\n  footnote tenants create "Acme" && footnote keys create --tenant ten_… --scopes read,ask`)
    .action(async (name: string, _options: unknown, command: Command) => {
      const { env, folder, output } = await prepare(context, command.optsWithGlobals<CommonOptions>());
      const connection = await connect({ env, folder });
      try {
        const tenant = await operatorOf(connection).admin.tenants.create({ name });
        output.print(`${tenant.id}  ${tenant.name}`, tenant);
      } finally {
        await connection.close();
      }
    });
}
