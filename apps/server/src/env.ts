import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv as parseEnvFile } from "node:util";
import { apiEnvironmentSchema } from "@footnote/api/env";
import { FootnoteError } from "@footnote/core";
import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65_535);
const postgresUrl = z.string().regex(/^postgres(?:ql)?:\/\//u, "must begin with postgres:// or postgresql://");

const modelUrl = z
  .url({ protocol: /^https?$/u, error: "must be an address such as http://localhost:11434/v1" })
  .refine(
    (value) => URL.canParse(value) && new URL(value).username === "" && new URL(value).password === "",
    "must not hold a name or password; set the API key",
  )
  .transform((value) => value.replace(/\/+$/u, ""));
const usdPerMillion = z.coerce.number().min(0);

/** Every variable that Footnote reads; .env.example lists the same ones, and a test compares them. */
export const environmentSchema = z.object({
  FOOTNOTE_ENV: z
    .string()
    .regex(/^[a-z0-9-]+$/u, "must be lower-case letters, digits and dashes")
    .default("development"),
  FOOTNOTE_HOST: z.string().min(1).default("127.0.0.1"),
  FOOTNOTE_PORT: port.default(8787),
  FOOTNOTE_DATA_DIR: z.string().min(1).default(".footnote"),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_ADMIN_URL: postgresUrl.optional(),
  FOOTNOTE_LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("warn"),
  FOOTNOTE_WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  FOOTNOTE_EMBED_WORKERS: z.coerce.number().int().min(1).max(64).optional(),
  ...apiEnvironmentSchema.shape,
  RERANKER_MODEL: z.string().min(1).optional(),
  MODEL_URL: modelUrl.optional(),
  MODEL_NAME: z
    .string()
    .min(1)
    .refine((name) => name !== "extractive", "extractive is the built-in model; name the server's")
    .optional(),
  MODEL_API_KEY: z.string().min(1).optional(),
  MODEL_PROMPT_PRICE: usdPerMillion.optional(),
  MODEL_COMPLETION_PRICE: usdPerMillion.optional(),
  MODEL_CACHED_PRICE: usdPerMillion.optional(),
  JUDGE_URL: modelUrl.optional(),
  JUDGE_NAME: z.string().min(1).optional(),
  JUDGE_API_KEY: z.string().min(1).optional(),
  JUDGE_PROMPT_PRICE: usdPerMillion.optional(),
  JUDGE_COMPLETION_PRICE: usdPerMillion.optional(),
  JUDGE_CACHED_PRICE: usdPerMillion.optional(),
  RAGAS_URL: modelUrl.optional(),
  RAGAS_TOKEN: z.string().min(1).optional(),
  FOOTNOTE_URL: z.url().optional(),
  FOOTNOTE_KEY: z.string().min(1).optional(),
});

export type Environment = z.infer<typeof environmentSchema>;

const secretNames: ReadonlySet<string> = new Set([
  "DATABASE_URL",
  "DATABASE_ADMIN_URL",
  "FOOTNOTE_KEY",
  "MODEL_API_KEY",
  "JUDGE_API_KEY",
  "RAGAS_TOKEN",
]);

/**
 * Reads the configuration once. Precedence, first wins: the process's environment, `.env.<FOOTNOTE_ENV>`, `.env` (both in
 * `folder`), the default. `<NAME>_FILE` names a file that holds the value and stands at its own place in that order. All
 * errors come at once; values of secrets are never in them.
 */
export function readEnvironment(options: { variables: Record<string, string | undefined>; folder: string }): Environment {
  const { values, problems } = readValues(options);
  for (const role of ["MODEL", "JUDGE"]) {
    const [url, name] = [`${role}_URL`, `${role}_NAME`];
    if (values[url] && !values[name]) problems.push(`${name}: name the model that ${url} is to serve`);
    if (values[name] && !values[url]) problems.push(`${url}: say where the model ${name} is served`);
  }
  const parsed = environmentSchema.safeParse(values);
  if (parsed.success && problems.length === 0) return parsed.data;
  problems.push(...(parsed.error?.issues ?? []).map(problemOf));
  throw new FootnoteError(
    "configuration_invalid",
    `The configuration has ${problems.length === 1 ? "an error" : `${problems.length} errors`}:\n${[...new Set(problems)].map((problem) => `  ${problem}`).join("\n")}`,
    { details: { names: problems.map((problem) => problem.split(":")[0]) } },
  );
}

type Layer = Readonly<Record<string, string | undefined>>;

function readValues({ variables, folder }: { variables: Layer; folder: string }): { values: Record<string, string>; problems: string[] } {
  const base = readEnvFile(join(folder, ".env"));
  const chosen = variables["FOOTNOTE_ENV"] ?? base["FOOTNOTE_ENV"] ?? "development";
  const layers = [variables, /^[a-z0-9-]+$/u.test(chosen) ? readEnvFile(join(folder, `.env.${chosen}`)) : {}, base];
  const values: Record<string, string> = {};
  const problems: string[] = [];
  for (const name of Object.keys(environmentSchema.shape)) {
    const layer = layers.find((each) => each[name] || each[`${name}_FILE`]);
    const direct = layer?.[name];
    const file = layer?.[`${name}_FILE`];
    if (direct && file) problems.push(`${name}: set either ${name} or ${name}_FILE, not both`);
    if (direct) values[name] = direct;
    else if (file) {
      try {
        values[name] = readFileSync(resolve(folder, file), "utf8").trim();
      } catch {
        problems.push(`${name}_FILE: the file it names cannot be read`);
        values[name] = "";
      }
    }
  }
  return { values, problems };
}

function readEnvFile(path: string): Layer {
  return existsSync(path) ? parseEnvFile(readFileSync(path, "utf8")) : {};
}

/** zod's own sentence can repeat what it was given: for a secret only the fact is shown. */
function problemOf({ path, code, message }: z.core.$ZodIssue): string {
  const name = String(path[0]);
  return secretNames.has(name) && code !== "invalid_format" ? `${name}: is not valid` : `${name}: ${message}`;
}

/** The configuration as it may be shown: secrets masked, a database URL without its user's password. */
export function maskEnvironment(environment: Environment): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (!secretNames.has(name)) shown[name] = String(value);
    else if (!URL.canParse(String(value))) shown[name] = "***";
    else {
      const { protocol, host, pathname } = new URL(String(value));
      shown[name] = `${protocol}//***@${host}${pathname}`;
    }
  }
  return shown;
}
