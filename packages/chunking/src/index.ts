export { createChunker } from "./create-chunker.ts";
