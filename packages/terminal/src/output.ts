import type { Readable, Writable } from "node:stream";
import { printable, printableJson } from "./printable.ts";

/** What commands write to; tests give their own. */
export interface Terminal {
  /** Where a person types. Default: nobody is there. */
  stdin?: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean; columns?: number };
}

/** Everything is made printable on its way out: callers give text as it came from documents and servers. */
export interface Output {
  /** Whether `--json` was given. */
  readonly json: boolean;
  /** The result: a line of text, or one JSON object a line. */
  print(text: string, value?: unknown): void;
  /** Text without a line end, for answers as they come; nothing with `--json`. */
  write(text: string): void;
  /** Something to know, on stderr; nothing with `--json`. */
  note(text: string): void;
  /** A bar on a terminal; on anything else a line on stderr at the start and at the end; an event with `--json`. */
  progress(label: string, total: number): Progress;
}

export interface Progress {
  update(done: number, detail?: string): void;
  /** Takes the bar away. */
  end(): void;
}

/** A bar of `width` cells: `[####----]`. */
export function bar(share: number, width = 24): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${"█".repeat(filled)}${"·".repeat(width - filled)}]`;
}

export function createOutput(options: {
  json: boolean;
  terminal: Terminal;
  /** False where the terminal cannot redraw a line (TERM=dumb). Default true. */
  redraws?: boolean;
}): Output {
  const { json, terminal, redraws = true } = options;
  const { stdout, stderr } = terminal;
  const line = (value: unknown) => stdout.write(`${printableJson(value)}\n`);
  const live = !json && redraws && stderr.isTTY === true;
  /** What the bar shows now; other lines go above it. */
  let shown = "";
  const draw = (text: string) => {
    if (shown || text) stderr.write(`\r\u001b[2K${text}`);
    shown = text;
  };
  const say = (text: string) => {
    const bar = shown;
    draw("");
    stderr.write(`${printable(text)}\n`);
    draw(bar);
  };
  return {
    json,
    print(text, value) {
      if (json) {
        if (value !== undefined) line(value);
      } else stdout.write(`${printable(text)}\n`);
    },
    write(text) {
      if (!json) stdout.write(printable(text));
    },
    note(text) {
      if (!json) say(text);
    },
    progress(label, total) {
      let last = 0;
      if (!json && !live) say(`${label}…`);
      return {
        update(done, detail) {
          if (json) return void line({ type: "progress", label, done, total });
          if (!live) return;
          const now = Date.now();
          if (now - last < 60 && done < total) return;
          last = now;
          const text = `${label} ${bar(total === 0 ? 1 : done / total)} ${Math.floor(done)}/${total}${detail ? ` ${detail}` : ""}`;
          draw(
            printable(text)
              .replaceAll("\n", " ")
              .slice(0, (stderr.columns ?? 100) - 1),
          );
        },
        end: () => draw(""),
      };
    },
  };
}
