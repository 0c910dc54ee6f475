import type { ChunkId, VectorReader } from "@footnote/core";
import { checkedName } from "./migrate.ts";
import type { Session } from "./session.ts";

/** Vectors as they are stored: halfvec, so about three digits are exact. SQL: a space's table is named after it and not in the schema. */
export function createVectorReader(session: Session): VectorReader {
  return {
    async read({ tenantId, space, chunkIds, signal }) {
      if (chunkIds.length === 0) return new Map();
      const rows = await session.transaction(
        tenantId,
        (tx) =>
          tx.query<{ chunk_id: ChunkId; vector: string }>(
            `select chunk_id, vector::text as vector from dense_${checkedName(space)} where tenant_id = $1 and chunk_id = any($2)`,
            [tenantId, chunkIds],
          ),
        signal,
      );
      return new Map(rows.map((row) => [row.chunk_id, Float32Array.from(row.vector.slice(1, -1).split(","), Number)]));
    },
  };
}
