import { FootnoteError, type ChunkId, type IndexWriter } from "@footnote/core";
import { createLexicalWriter } from "./lexical-writer.ts";
import { checkedName } from "./migrate.ts";
import { createPgvectorWriter } from "./pgvector-writer.ts";
import type { TenantTransaction } from "./session.ts";
import type { EmbeddingSpaceDefinition, IndexWriters } from "./store.ts";

type AnyWriter = Omit<IndexWriter<{ chunkId: ChunkId }>, "write">;

/** Writers of the indexes that share the database; `all` in the order of a deletion's receipt. */
export function createIndexWriters(
  transaction: TenantTransaction,
  definitions: readonly EmbeddingSpaceDefinition[],
): IndexWriters & { readonly all: readonly AnyWriter[] } {
  const lexical = createLexicalWriter(transaction);
  const vectors = new Map(definitions.map((space) => [checkedName(space.id), createPgvectorWriter(transaction, space)]));
  return {
    lexical,
    vectors(space) {
      const writer = vectors.get(space);
      if (!writer) throw new FootnoteError("configuration_invalid", `The embedding space ${JSON.stringify(space)} is not configured.`);
      return writer;
    },
    all: [...vectors.values(), lexical],
  };
}
