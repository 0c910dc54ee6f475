import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";

export interface ProcessUsage {
  residentBytes: number;
  cpuSeconds: number;
}

/** Linux counts processor time for /proc in hundredths of a second, whatever the kernel's own tick. */
const ticksPerSecond = 100;

/** Resident memory and processor time of another process; null when it is gone. */
export async function readProcessUsage(pid: number): Promise<ProcessUsage | null> {
  return process.platform === "linux" ? readProc(pid) : readPs(pid);
}

async function readProc(pid: number): Promise<ProcessUsage | null> {
  try {
    const [status, stat] = await Promise.all([readFile(`/proc/${pid}/status`, "latin1"), readFile(`/proc/${pid}/stat`, "latin1")]);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return {
      residentBytes: Number(/^VmRSS:\s+(\d+) kB/mu.exec(status)?.[1] ?? 0) * 1024,
      cpuSeconds: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond,
    };
  } catch {
    return null;
  }
}

function readPs(pid: number): Promise<ProcessUsage | null> {
  return new Promise((resolve) => {
    execFile("ps", ["-o", "rss=,time=", "-p", String(pid)], { timeout: 2000 }, (error, output) => {
      const [, resident = "", time = ""] = /(\d+)\s+([\d:.-]+)/u.exec(error === null ? output : "") ?? [];
      resolve(resident === "" ? null : { residentBytes: Number(resident) * 1024, cpuSeconds: parseCpuTime(time) });
    });
  });
}

/** `[days-]hours:minutes:seconds` or `minutes:seconds.hundredths`, as ps prints it. */
export function parseCpuTime(time: string): number {
  const [clock = "", days = "0"] = time.split("-").reverse();
  return clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
}
