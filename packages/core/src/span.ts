/** A half-open range of UTF-16 code units in a text: `text.slice(start, end)`. Never splits a surrogate pair. */
export interface Span {
  start: number;
  end: number;
}
