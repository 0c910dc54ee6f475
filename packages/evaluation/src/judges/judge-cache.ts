import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";

/** What a paid judge said before, by the hash of everything that it was asked with. */
export interface JudgeCache {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

export function createMemoryJudgeCache(): JudgeCache {
  const known = new Map<string, unknown>();
  return {
    get: async (key) => known.get(key),
    set: async (key, value) => void known.set(key, value),
  };
}

/** JSON Lines of `{key, value}` that are only ever appended: a killed process loses the line that it was writing. Only the owner may read them. */
export function createFileJudgeCache(path: string): JudgeCache {
  let loading: Promise<Map<string, unknown>> | null = null;
  const load = () => (loading ??= readLines(path));
  return {
    get: async (key) => (await load()).get(key),
    async set(key, value) {
      const known = await load();
      known.set(key, value);
      // The line break comes first: what a kill cut off stays a line of its own.
      await appendFile(path, `\n${JSON.stringify({ key, value })}`, { mode: 0o600 });
    },
  };
}

async function readLines(path: string): Promise<Map<string, unknown>> {
  await mkdir(dirname(path), { recursive: true });
  let text = "";
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  const known = new Map<string, unknown>();
  for (const line of text.split("\n")) {
    const row = parseRow(line);
    if (row !== null) known.set(row.key, row.value);
  }
  return known;
}

function parseRow(line: string): { key: string; value: unknown } | null {
  if (line.trim() === "") return null;
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row !== "object" || row === null || !("key" in row) || !("value" in row) || typeof row.key !== "string") return null;
    return { key: row.key, value: row.value };
  } catch {
    return null;
  }
}
