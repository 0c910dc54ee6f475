import { splitSentences } from "@footnote/core";
import { createRandom, shuffled } from "../statistics/random.ts";
import type { GoldSpan } from "../metrics/case-result.ts";

/** Some words that somebody remembers of a place in a document, and the place. */
export interface KnownItem {
  id: string;
  query: string;
  gold: GoldSpan;
}

export interface KnownItemOptions {
  /** By external id; canonical text. */
  documents: readonly { id: string; text: string }[];
  /** At most. */
  count: number;
  /** Words of a query. Default 3. */
  words?: number;
  /** Default 1. */
  seed?: number;
}

const shortestSentence = 6;

/**
 * Queries as people type them into a search field: known-item topics simulated from the documents themselves (Azzopardi, de Rijke, Balog: Building
 * simulated queries for known-item topics, SIGIR 2007), in the variant that takes a sentence's most discriminative words. They need no
 * annotation, their place is known exactly, and they lean on words where questions lean on meaning. Documents take turns, so that a long one does not
 * decide. Pure: equal documents give equal queries.
 */
export function simulateKnownItems(options: KnownItemOptions): KnownItem[] {
  const { documents, count, words: wanted = 3, seed = 1 } = options;
  const sentences = documents.flatMap(({ id, text }) =>
    splitSentences(text)
      .map(({ start, end }) => ({ document: id, start, end, words: [...new Set(wordsOf(text.slice(start, end)))] }))
      .filter(({ words }) => words.length >= shortestSentence),
  );
  const frequency = new Map<string, number>();
  for (const { words } of sentences) for (const word of words) frequency.set(word, (frequency.get(word) ?? 0) + 1);

  const random = createRandom(seed);
  const byDocument = [...Map.groupBy(sentences, ({ document }) => document).values()].map((own) => shuffled(own, random));
  const items: KnownItem[] = [];
  const seen = new Set<string>();
  for (let turn = 0; items.length < count && byDocument.some((own) => turn < own.length); turn++) {
    for (const own of byDocument) {
      const sentence = own[turn];
      if (!sentence || items.length >= count) continue;
      const rarest = new Set(
        sentence.words.toSorted((a, b) => (frequency.get(a) ?? 0) - (frequency.get(b) ?? 0) || (a < b ? -1 : 1)).slice(0, wanted),
      );
      const query = sentence.words.filter((word) => rarest.has(word)).join(" ");
      // Words that stand together elsewhere too would have two right places.
      const places = sentences.filter(({ words }) => [...rarest].every((word) => words.includes(word))).length;
      if (places > 1 || seen.has(query)) continue;
      seen.add(query);
      const { document, start, end } = sentence;
      items.push({ id: `known-${String(items.length + 1).padStart(3, "0")}`, query, gold: { document, start, end, part: 1 } });
    }
  }
  return items;
}

/** Words of three letters or more, and whatever holds a digit, in lower case. */
function wordsOf(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+(?:[-./][\p{L}\p{N}]+)*/gu) ?? []).filter(
    (word) => word.length >= 3 || /\p{N}/u.test(word),
  );
}
