import { scopeSchema } from "@footnote/sdk";
import type { Scope } from "@footnote/sdk";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { allPages } from "@footnote/server/all-pages";
import { connect } from "../connection.ts";
import { prepare } from "../prepare.ts";
import type { CommonOptions, Context } from "@footnote/terminal";
import { operatorOf } from "./tenants.ts";

const scopes: readonly Scope[] = scopeSchema.options;

interface CreateOptions extends CommonOptions {
  name: string;
  scopes: Scope[];
  tenant?: string;
}

export function addKeys(program: Command, context: Context): void {
  const keys = program
    .command("keys")
    .description("list, create and revoke API keys")
    .addHelpText("after", "\nExample:\n  footnote keys create --name website --scopes read,ask");
  keys
    .command("list")
    .description("keys of the local tenant; their secrets are not kept anywhere")
    .addHelpText("after", "\nExample:\n  footnote keys list --json")
    .action(async (_options: unknown, command: Command) => {
      const { env, folder, output } = await prepare(context, command.optsWithGlobals<CommonOptions>());
      const connection = await connect({ env, folder });
      try {
        for await (const key of allPages((page) => connection.client.keys.list(page))) {
          output.print(`${key.id}  ${key.name}  ${key.scopes.join(",")}${key.revokedAt ? "  revoked" : ""}`, key);
        }
      } finally {
        await connection.close();
      }
    });
  keys
    .command("create")
    .description("a new key; it is shown once")
    .option("--name <name>", "what it is for", "cli")
    .option("--scopes <list>", `of ${scopes.join(", ")}, separated by commas`, parseScopes, ["read", "ask"])
    .option("--tenant <id>", "another tenant than the local one (operators only)")
    .addHelpText("after", `\nExample:\n  footnote keys create --name website --scopes read,ask`)
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      const { env, folder, output } = await prepare(context, options);
      const connection = await connect({ env, folder });
      try {
        const made = options.tenant
          ? await operatorOf(connection).admin.tenants.createKey(options.tenant, { name: options.name, scopes: options.scopes })
          : await connection.client.keys.create({ name: options.name, scopes: options.scopes });
        output.print(`${made.id}  ${made.key}`, made);
        output.note("Keep the key now: it is not shown again.");
      } finally {
        await connection.close();
      }
    });
  keys
    .command("revoke")
    .description("end a key at once")
    .addHelpText("after", "\nExample:\n  footnote keys revoke key_…")
    .argument("<id>")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { env, folder, output } = await prepare(context, command.optsWithGlobals<CommonOptions>());
      const connection = await connect({ env, folder });
      try {
        await connection.client.keys.revoke(id);
        output.print(`${id} is revoked.`, { id, revoked: true });
      } finally {
        await connection.close();
      }
    });
}

function parseScopes(value: string): Scope[] {
  return value.split(",").map((given) => {
    const scope = scopeSchema.safeParse(given.trim());
    if (scope.success) return scope.data;
    throw new InvalidArgumentError(`"${given.trim()}" is not one of ${scopes.join(", ")}.`);
  });
}
