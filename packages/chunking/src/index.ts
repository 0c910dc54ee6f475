export { chunkDocument } from "./chunk-document.ts";
export { createChunker } from "./create-chunker.ts";
