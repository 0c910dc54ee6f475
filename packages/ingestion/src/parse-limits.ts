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
  /** Sandbox only: wall-clock milliseconds of one parse. */
  wallClockMs: number;
  /** Sandbox only: processor seconds of one parse. */
  cpuSeconds: number;
  /** Sandbox only: resident bytes of the parsing process. */
  maxResidentBytes: number;
}

export const defaultParseLimits: ParseLimits = {
  maxBytes: 50 * 1024 * 1024,
  maxPages: 2000,
  maxInflatedBytes: 200 * 1024 * 1024,
  maxTextLength: 20_000_000,
  wallClockMs: 120_000,
  cpuSeconds: 100,
  maxResidentBytes: 1024 * 1024 * 1024,
};

/** The given limits over the defaults. */
export function parseLimits(limits: Partial<ParseLimits> = {}): ParseLimits {
  return { ...defaultParseLimits, ...limits };
}
