import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { connect } from "../connection.ts";
import { prepare } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";
import { operatorOf } from "./tenants.ts";

const scopes = ["read", "ask", "ingest", "admin"];

interface CreateOptions extends CommonOptions {
  name: string;
  scopes: string[];
  tenant?: string;
}

export function addKeys(program: Command, context: Context): void {
  const keys = program.command("keys").description("list, create and revoke API keys");
  keys
    .command("list")
    .description("keys of the local tenant; their secrets are not kept anywhere")
    .action(async (_options: unknown, command: Command) => {
      const { env, folder, output } = await prepare(context, command.optsWithGlobals<CommonOptions>());
      const connection = await connect({ env, folder });
      try {
        for await (const key of connection.client.listKeys()) {
          output.print(`${key.id}  ${key.name ?? ""}  ${(key.scopes ?? []).join(",")}${key.revokedAt ? "  revoked" : ""}`, key);
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
          ? await operatorOf(connection).createTenantKey(options.tenant, options.scopes, options.name)
          : await connection.client.createKey({ name: options.name, scopes: options.scopes });
        output.print(`${made.id}  ${made.key}`, made);
        output.note("Keep the key now: it is not shown again.");
      } finally {
        await connection.close();
      }
    });
  keys
    .command("revoke")
    .description("end a key at once")
    .argument("<id>")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { env, folder, output } = await prepare(context, command.optsWithGlobals<CommonOptions>());
      const connection = await connect({ env, folder });
      try {
        await connection.client.revokeKey(id);
        output.print(`${id} is revoked.`, { id, revoked: true });
      } finally {
        await connection.close();
      }
    });
}

function parseScopes(value: string): string[] {
  const list = value.split(",").map((scope) => scope.trim());
  const wrong = list.find((scope) => !scopes.includes(scope));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is not one of ${scopes.join(", ")}.`);
  return list;
}
