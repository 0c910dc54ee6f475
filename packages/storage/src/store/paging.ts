export interface PageRequest {
  /** 1…100, default 20. */
  limit?: number;
  /** Opaque; a malformed one is `invalid_request`. */
  cursor?: string;
}

export interface PageResult<T> {
  data: T[];
  nextCursor: string | null;
}
