export { parseDocument, parsedMediaTypes } from "./parse-document.ts";
export { detectMediaType } from "./media-type.ts";
export { defaultParseLimits } from "./parse-limits.ts";
export type { ParseLimits } from "./parse-limits.ts";
export { createSandboxedParser } from "./sandbox/sandboxed-parser.ts";
export type { SandboxedParser, SandboxOptions } from "./sandbox/sandboxed-parser.ts";
