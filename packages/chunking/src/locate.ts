import type { Block, Box, ChunkDraft, ParsedDocument } from "@footnote/core";
import type { PackedChunk } from "./pack.ts";

/** Adds text, page, boxes and heading path to chunk spans; both lists are walked once. Chunks may overlap. */
export function locate(chunks: readonly PackedChunk[], document: ParsedDocument): ChunkDraft[] {
  const blocks = document.blocks.toSorted((a, b) => a.start - b.start);
  let first = 0;
  return chunks.map(({ start, end, tokenCount }) => {
    while ((blocks[first]?.end ?? Number.POSITIVE_INFINITY) <= start) first++;
    const covered: Block[] = [];
    for (let at = first; (blocks[at]?.start ?? Number.POSITIVE_INFINITY) < end; at++) {
      const block = blocks[at];
      if (block !== undefined && block.end > start) covered.push(block);
    }
    const boxes = covered.flatMap((block): Box[] => block.boxes ?? []);
    const page = boxes[0]?.page ?? covered[0]?.page ?? document.pages.find((each) => each.start <= start && start < each.end)?.number;
    // A heading stands above its text: the text's path holds the heading.
    const named = covered.find((block) => block.kind !== "heading") ?? covered[0];
    return {
      start,
      end,
      text: document.text.slice(start, end),
      headingPath: [...(named?.headingPath ?? [])],
      tokenCount,
      ...(page === undefined ? {} : { page }),
      ...(boxes.length === 0 ? {} : { boxes }),
    };
  });
}
