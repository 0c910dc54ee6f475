import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

const root = join(import.meta.dirname, "../../..");
const progress = z.object({ type: z.literal("progress"), label: z.string(), done: z.number(), total: z.number() });

/** Runs `eval <args> --json`, says how far it is and how long it will take, and returns its results and exit status. */
export async function runEval(args: readonly string[], log: (line: string) => void): Promise<{ results: unknown[]; status: number }> {
  const child = spawn(process.execPath, [join(root, "tools/eval/src/main.ts"), ...args, "--json"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve(status ?? 1));
  });
  const results: unknown[] = [];
  let began = Date.now();
  let said = 0;
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const value: unknown = JSON.parse(line);
    const step = progress.safeParse(value);
    if (!step.success) {
      results.push(value);
      continue;
    }
    const { label, done, total } = step.data;
    if (done <= last) began = Date.now();
    last = done;
    if (Date.now() - said < 10_000 || done === 0) continue;
    said = Date.now();
    log(`${label} ${done}/${total}, about ${remaining({ elapsedMs: Date.now() - began, done, total })} left`);
  }
  return { results, status: await ended };
}

/** `40 s` or `3 min`. */
export function remaining({ elapsedMs, done, total }: { elapsedMs: number; done: number; total: number }): string {
  const seconds = Math.ceil(((elapsedMs / done) * (total - done)) / 1_000);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
