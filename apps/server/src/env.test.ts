import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { environmentSchema, maskEnvironment, readEnvironment } from "./env.ts";

async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "footnote-env-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

it("has a default for everything", async () => {
  expect(readEnvironment({ variables: {}, folder: await folderWith({}) })).toMatchObject({
    FOOTNOTE_ENV: "development",
    FOOTNOTE_HOST: "127.0.0.1",
    FOOTNOTE_PORT: 8787,
    FOOTNOTE_DATA_DIR: ".footnote",
    FOOTNOTE_CORS_ORIGINS: [],
  });
});

it("takes the process's environment before .env.<name> before .env", async () => {
  const folder = await folderWith({
    ".env": "FOOTNOTE_PORT=1\nFOOTNOTE_HOST=base\nFOOTNOTE_DATA_DIR=base\nFOOTNOTE_ENV=staging\n",
    ".env.staging": "FOOTNOTE_PORT=2\nFOOTNOTE_HOST=staging\n",
    ".env.other": "FOOTNOTE_HOST=other\n",
  });
  const read = (variables: Record<string, string>) => readEnvironment({ variables, folder });
  expect(read({ FOOTNOTE_PORT: "3" })).toMatchObject({ FOOTNOTE_PORT: 3, FOOTNOTE_HOST: "staging", FOOTNOTE_DATA_DIR: "base" });
  expect(read({ FOOTNOTE_ENV: "other" })).toMatchObject({ FOOTNOTE_PORT: 1, FOOTNOTE_HOST: "other" });
});

it("reads a value from the file that <NAME>_FILE names, at its own place in the order", async () => {
  const folder = await folderWith({ secret: "postgres://app:pw@db/one\n", ".env": "DATABASE_URL=postgres://app:pw@db/two\n" });
  expect(readEnvironment({ variables: { DATABASE_URL_FILE: "secret" }, folder }).DATABASE_URL).toBe("postgres://app:pw@db/one");
  expect(readEnvironment({ variables: {}, folder }).DATABASE_URL).toBe("postgres://app:pw@db/two");
});

it("tells all errors at once, and no secret", async () => {
  const folder = await folderWith({});
  const variables = {
    FOOTNOTE_PORT: "99999",
    FOOTNOTE_LOG_LEVEL: "loud",
    DATABASE_URL: "mysql://hunter2",
    FOOTNOTE_KEY: "fn_live_hunter2",
    FOOTNOTE_KEY_FILE: "missing",
    FOOTNOTE_CORS_ORIGINS: "not an origin",
  };
  let message = "";
  try {
    readEnvironment({ variables, folder });
  } catch (error) {
    message = error instanceof Error ? error.message : "";
  }
  for (const name of ["FOOTNOTE_PORT", "FOOTNOTE_LOG_LEVEL", "DATABASE_URL", "FOOTNOTE_KEY", "FOOTNOTE_CORS_ORIGINS"])
    expect(message).toContain(name);
  expect(message).not.toContain("hunter2");
  expect(() => readEnvironment({ variables: { DATABASE_URL_FILE: "missing" }, folder })).toThrow(/cannot be read/);
});

it("masks secrets when it is shown", async () => {
  const folder = await folderWith({});
  const shown = maskEnvironment(
    readEnvironment({ variables: { DATABASE_URL: "postgres://app:example@db:5432/f", FOOTNOTE_KEY: "example" }, folder }),
  );
  expect(JSON.stringify(shown)).not.toContain("example");
  expect(shown.DATABASE_URL).toBe("postgres://***@db:5432/f");
  expect(shown.FOOTNOTE_KEY).toBe("***");
});

it("is listed in .env.example, variable by variable", async () => {
  const text = await readFile(join(import.meta.dirname, "../../../.env.example"), "utf8");
  const listed = [...text.matchAll(/^#?([A-Z_]+)=/gmu)].map((match) => match[1]);
  expect(listed.sort()).toEqual(Object.keys(environmentSchema.shape).sort());
});

it("takes a model only with its address and its name, and shows no key of it", async () => {
  const folder = await folderWith({ key: "sk-secret\n" });
  const read = (variables: Record<string, string>) => readEnvironment({ variables, folder });
  const env = read({ MODEL_URL: "http://localhost:1/v1/", MODEL_NAME: "llama", MODEL_API_KEY_FILE: "key", MODEL_PROMPT_PRICE: "0.5" });
  expect(env).toMatchObject({ MODEL_URL: "http://localhost:1/v1", MODEL_API_KEY: "sk-secret", MODEL_PROMPT_PRICE: 0.5 });
  expect(JSON.stringify(maskEnvironment(env))).not.toContain("sk-secret");
  expect(() => read({ MODEL_URL: "http://localhost:1/v1" })).toThrow(/MODEL_NAME/u);
  expect(() => read({ JUDGE_NAME: "judge" })).toThrow(/JUDGE_URL/u);
  expect(() => read({ MODEL_URL: "http://me:hunter2@host/v1", MODEL_NAME: "x" })).toThrow(/^(?!.*hunter2).*MODEL_URL/su);
  expect(() => read({ MODEL_URL: "localhost:1", MODEL_NAME: "extractive", MODEL_PROMPT_PRICE: "-1" })).toThrow(
    /MODEL_URL.*MODEL_NAME.*MODEL_PROMPT_PRICE/su,
  );
});
