import { canonicalText, FootnoteError } from "@footnote/core";
import { denyNetwork } from "../deny-network.ts";
import { serveParses } from "../serve-parses.ts";

/** A child that does what the file's text says: what a hostile file might make a parser do. */
denyNetwork();
serveParses(async ({ bytes }) => {
  const order = new TextDecoder().decode(bytes);
  switch (order) {
    case "loop":
      for (;;);
    case "sleep":
      await new Promise((resolve) => setTimeout(resolve, 600_000));
      break;
    case "heap": {
      const kept: unknown[] = [];
      for (;;) kept.push(Array.from({ length: 1000 }, (_, index) => ({ index })));
    }
    case "buffers": {
      const kept: Buffer[] = [];
      for (;;) {
        kept.push(Buffer.alloc(4 * 1024 * 1024, kept.length));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
    case "exit":
      process.exit(7);
      break;
    case "throw":
      throw new TypeError("the secret text of the document");
    case "corrupt":
      throw new FootnoteError("document_corrupt", "The file is damaged.", { details: { at: 3 } });
    case "noise":
      for (let index = 0; index < 300; index += 1) {
        process.stdout.write("x".repeat(10_000));
        process.stderr.write("y".repeat(10_000));
      }
      break;
    case "lie": {
      const block = { kind: "paragraph" as const, start: 0, end: 99, headingPath: [] };
      return { title: null, mediaType: "text/plain", language: null, text: "short", blocks: [block], pages: [], warnings: [] };
    }
    default:
  }
  const text = canonicalText(order.startsWith("try ") ? await attempt(order.slice(4)) : `pid ${process.pid}`);
  const blocks = [{ kind: "paragraph" as const, start: 0, end: text.length, headingPath: [] }];
  return { title: null, mediaType: "text/plain", language: null, text, blocks, pages: [], warnings: [] };
});

/** Tries what the sandbox forbids; the answer names the error, or says that it worked. */
async function attempt(what: string): Promise<string> {
  try {
    if (what === "read") (await import("node:fs")).readFileSync("/etc/passwd");
    else if (what === "write") (await import("node:fs")).writeFileSync("file.txt", "x");
    else if (what === "spawn") (await import("node:child_process")).execFileSync("/bin/true");
    else if (what === "worker") Reflect.construct((await import("node:worker_threads")).Worker, ["0", { eval: true }]);
    else if (what === "net") (await import("node:net")).connect(9);
    else if (what === "builtin") process.getBuiltinModule("node:http").get("http://127.0.0.1:9");
    else if (what === "socket") Object(Reflect.construct(Object(process.stdin).constructor, [])).connect(9);
    else if (what === "fetch") await fetch("http://127.0.0.1:9");
    else if (what === "eval") Function("return 1")();
    else if (what === "environment") return JSON.stringify(process.env);
    else if (what === "folder") return process.cwd();
    return "it worked";
  } catch (error) {
    return `refused: ${error instanceof Error ? error.name : "unknown"}`;
  }
}
