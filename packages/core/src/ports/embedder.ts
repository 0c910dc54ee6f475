/** A named vector space. Vectors of different spaces are never compared. */
export interface EmbeddingSpace {
  /** Lower-case letters, digits and underscores; it names the table or collection that holds the vectors. */
  id: string;
  dimensions: number;
  /** Model, revision, pooling and quantisation in words: what another operator needs to rebuild the space. */
  description: string;
}

export interface EmbedderCapabilities {
  /** Longest input in tokens; what is beyond is cut off. */
  maxTokens: number;
  /** Whether the same text gives the same bytes in whatever company. */
  deterministic: boolean;
  /** Whether `tokenVectors: true` is served. Default false. */
  tokenVectors: boolean;
  /** Texts per call that the adapter wants; a caller may send more. */
  batchSize: number;
  /** Primary subtags that the model was trained for; empty where that is not known. */
  languages: readonly string[];
}

export interface EmbedRequest {
  texts: readonly string[];
  /** Some models prefix queries. Queries also go before waiting passages. */
  purpose: "query" | "passage";
  /** Also return compressed token vectors for late interaction. Default false. */
  tokenVectors?: boolean;
  signal?: AbortSignal;
}

export interface Embedding {
  /** `space.dimensions` finite numbers of L2 norm 1. */
  vector: Float32Array;
  /** Tokens read, after truncation. */
  tokenCount: number;
  /** Compressed token vectors, in the adapter's own stated format. */
  tokenVectors?: Uint8Array;
}

export interface Embedder {
  readonly space: EmbeddingSpace;
  readonly capabilities: EmbedderCapabilities;
  /** One embedding per text in order. Throws `embedding_failed` (retryable) or `embedding_invalid`. */
  embed(request: EmbedRequest): Promise<Embedding[]>;
  /** Tokens of a text, without special tokens and without truncation. Additive over pieces cut at white space. */
  countTokens(text: string): number;
  close(): Promise<void>;
}
