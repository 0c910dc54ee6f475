import { type Hit, newId } from "@footnote/core";

/** Hits over chunks that are one after the other in one document, best first; each chunk's text is given. */
export function sampleHits(texts: readonly string[], options: { title?: string; headingPath?: string[] } = {}): Hit[] {
  const documentId = newId("document");
  const versionId = newId("version");
  // The canonical text begins before the first chunk, so that an offset in the chunk is never one in the text.
  let start = 7;
  return texts.map((text, ordinal) => {
    const hit: Hit = {
      chunk: {
        id: newId("chunk"),
        versionId,
        documentId,
        ordinal,
        start,
        end: start + text.length,
        text,
        headingPath: options.headingPath ?? [],
        tokenCount: Math.ceil(text.length / 4),
        title: options.title ?? "Falcon 9000 espresso machine",
        mediaType: "text/markdown",
      },
      score: 1 / (ordinal + 1),
      ranks: { dense: ordinal + 1, lexical: ordinal + 1 },
      scores: {},
    };
    start += text.length + 2;
    return hit;
  });
}
