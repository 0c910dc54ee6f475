import { runProcess } from "@footnote/terminal/process";

await runProcess(process.env, async () => (await import("./program.ts")).runCommand);
