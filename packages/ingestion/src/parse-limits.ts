/** What one document may cost before it is refused. */
export interface ParseLimits {
  /** Size of the file. */
  maxBytes: number;
  /** Pages, slides, sheets or chapters. */
  maxPages: number;
  /** Bytes that all members of a compressed file may inflate to, counted while streaming. */
  maxInflatedBytes: number;
  /** Length of the canonical text in UTF-16 code units. */
  maxTextLength: number;
}

export const defaultParseLimits: ParseLimits = {
  maxBytes: 50 * 1024 * 1024,
  maxPages: 5000,
  maxInflatedBytes: 200 * 1024 * 1024,
  maxTextLength: 20_000_000,
};

/** The given limits over the defaults. */
export function parseLimits(limits: Partial<ParseLimits> = {}): ParseLimits {
  return { ...defaultParseLimits, ...limits };
}
