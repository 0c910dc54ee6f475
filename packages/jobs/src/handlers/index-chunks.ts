import type { LexicalAnalyzer, LexicalEntry } from "@footnote/core";
import type { Store } from "@footnote/storage";
import { letOthersRun } from "../let-others-run.ts";
import { rethrowChunkedAgain } from "./chunked-again.ts";
import type { Ingestion } from "./ingestion.ts";

const windowSize = 200;

/** Gives every chunk of a version its entry in the lexical index, those that have one already left out. `more` when the turn is over first. */
export async function indexChunks(
  { turn, version, inputOf }: Ingestion,
  { store, analyzer }: { store: Pick<Store, "versions" | "writers">; analyzer: LexicalAnalyzer },
): Promise<"done" | "more"> {
  const { tenantId, signal } = turn;
  const { total, pending } = await store.versions.countChunks(tenantId, version.id, null);
  let done = total - pending;
  for (;;) {
    const window = await store.versions.pendingChunks(tenantId, version.id, null, windowSize);
    if (window.length === 0) return "done";
    const entries: LexicalEntry[] = [];
    for (const { chunkId, headingPath, text } of window) {
      entries.push({ chunkId, analyzed: analyzer.analyze(inputOf({ headingPath, text })) });
      if (entries.length % 50 === 0) await letOthersRun(signal);
    }
    await store.writers.lexical.write({ tenantId, versionId: version.id, entries }).catch(rethrowChunkedAgain);
    done += window.length;
    turn.progress("index", 0.85 + 0.1 * Math.min(1, done / total));
    if (turn.isOver() && window.length === windowSize) return "more";
  }
}
