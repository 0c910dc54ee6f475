import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../../../..");
const service = join(root, "services/ragas");
/** Made by `node scripts/ragas.mjs`. */
const python = join(root, ".cache/ragas/venv/bin/python");

/** Why the real sidecar cannot be started here, or null. In CI it must be there. */
export const sidecarMissing: string | null =
  process.env["CI"] || existsSync(python) ? null : "the sidecar's environment is missing: node scripts/ragas.mjs check";

interface Started {
  url: string;
  stop(): Promise<void>;
}

/** The sidecar as a process of its own, with this environment and nothing else of ours. */
export async function startSidecar(variables: Record<string, string>): Promise<Started> {
  const child = spawn(python, ["-m", "footnote_ragas"], {
    env: { PATH: process.env["PATH"], PYTHONPATH: join(service, "src"), RAGAS_PORT: "0", ...variables },
    stdio: ["ignore", "ignore", "pipe"],
  });
  return await started(child, child.stderr, /"message": "listening", "url": "([^"]+)"/u);
}

/** The judge of the sidecar's own tests: what stands in a context in its order is entailed. */
export async function startContainmentJudge(): Promise<Started> {
  const child = spawn(python, [join(service, "tests/scripted_judge.py")], { stdio: ["ignore", "pipe", "ignore"] });
  return await started(child, child.stdout, /(http:\S+)/u);
}

async function started(child: ChildProcess, output: NodeJS.ReadableStream, address: RegExp): Promise<Started> {
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    output.on("data", (data: Buffer) => {
      said += data.toString();
      const found = address.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("error", reject);
    void ended.then(() => reject(new Error(`it stopped before it listened: ${said}`)));
  });
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
