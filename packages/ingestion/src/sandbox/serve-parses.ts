import { isFootnoteError } from "@footnote/core";
import type { ParsedDocument, ParseRequest } from "@footnote/core";
import { writeSync } from "node:fs";
import type { ParseLimits } from "../parse-limits.ts";
import { encodeFrame, FrameReader } from "./frames.ts";

/** What the parent sends; the file's bytes are the frame's raw part. */
export interface ParseMessage {
  mediaType?: string;
  fileName?: string;
  limits: ParseLimits;
}

/** What the child answers. */
export type ParseReply =
  | { ok: true; document: ParsedDocument }
  | { ok: false; code: string; message: string; details: Record<string, unknown> }
  /** The parser threw something that is no error about the document. Only its class is told: messages may hold text. */
  | { ok: false; crashed: string };

export type Parse = (request: ParseRequest & { limits: ParseLimits }) => Promise<ParsedDocument>;

/** Answers go through their own descriptor: what a parser prints cannot be taken for one. */
const replyDescriptor = 3;
const maxRequestBytes = 2 ** 31;

/** The child's loop: one file at a time from standard input; ends when the parent closes it or dies. */
export function serveParses(parse: Parse): void {
  const reader = new FrameReader(maxRequestBytes);
  process.stdin.on("data", (chunk: Buffer) => {
    for (const { json, raw } of reader.push(chunk)) void answer(parse, json as ParseMessage, raw);
  });
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("error", () => process.exit(0));
}

async function answer(parse: Parse, message: ParseMessage, bytes: Buffer): Promise<void> {
  let reply: ParseReply;
  try {
    reply = { ok: true, document: await parse({ ...message, bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) }) };
  } catch (error) {
    reply = isFootnoteError(error)
      ? { ok: false, code: error.code, message: error.message, details: error.details }
      : { ok: false, crashed: error instanceof Error ? error.name : typeof error };
  }
  for (const part of encodeFrame(reply)) {
    for (let written = 0; written < part.length;) written += writeSync(replyDescriptor, part, written);
  }
}
