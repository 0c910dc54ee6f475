import { splitSentences } from "@footnote/core";

/** A finished sentence of a model's output, without its markers. */
export interface GatedSentence {
  text: string;
  /** Numbers of the markers that stood in or after it, in order, repeats removed. */
  markers: number[];
  /** What separates it from the sentence before: a line break where the model made one. */
  separator: " " | "\n";
}

const longestMarker = 200;
const longestSentence = 4_000;
/** One marker begun, or one within another. */
const beginsMarkers = /^(?:\[[\d\s,;]*)+$/u;
const wholeMarker = /^\[\s*\d{1,4}(?:\s*[,;]\s*\d{1,4})*\s*\]$/u;
/** What is left of `[[1], [2]]` when the inner ones are out. */
const emptied = /^\[[\s,;]*\]$/u;

/**
 * Holds a model's text until a sentence is certain to have ended. It reads one code point at a time, so that what it releases depends on
 * the text and never on how it was cut into deltas. Markers `[1]`, `[1, 2]` are taken out, those within another (`[[1]]`) first; one that
 * follows a sentence's full stop belongs to that sentence. A sentence longer than 4,000 characters is released at a blank.
 */
export function createSentenceGate(options: { language?: string } = {}): {
  push(delta: string): GatedSentence[];
  /** What is left when the model has finished. */
  end(): GatedSentence[];
} {
  let plain = "";
  let held = "";
  /** Markers taken out of what is held, with their places in it. */
  let inner: { at: number; number: number }[] = [];
  let highSurrogate = "";
  let afterMarker = false;
  let brokeLine = false;
  let separator: " " | "\n" = " ";
  let markers: { at: number; number: number }[] = [];
  const ready: GatedSentence[] = [];

  /** Releases the first `count` sentences of the buffer. */
  function release(spans: readonly { start: number; end: number }[], count: number): void {
    for (let i = 0; i < count; i++) {
      const span = spans[i];
      if (span === undefined) break;
      const next = spans[i + 1];
      const own = markers.filter(({ at }) => (i === 0 || at > span.start) && (next === undefined || at <= next.start));
      const text = plain.slice(span.start, span.end);
      ready.push({ text, markers: [...new Set(own.map(({ number }) => number))], separator });
      separator = " ";
    }
    const rest = spans[count]?.start ?? plain.length;
    markers = markers.filter(({ at }) => count < spans.length && at > rest).map(({ at, number }) => ({ at: at - rest, number }));
    plain = plain.slice(rest);
  }

  function releaseAll(): void {
    const spans = splitSentences(plain, options);
    if (spans.length > 0) release(spans, spans.length);
    else plain = "";
    separator = "\n";
  }

  function add(char: string): void {
    const blank = /\s/u.test(char);
    if (!blank && brokeLine) {
      releaseAll();
      brokeLine = false;
    }
    if (afterMarker && /[\s.,;:!?)]/u.test(char)) plain = plain.replace(/[ \t]+$/u, "");
    // Markers alone leave blanks that do not move the marker before them.
    afterMarker = false;
    if (char === "\n") {
      brokeLine = true;
      plain += " ";
    } else plain += char;
    const previous = plain.charAt(plain.length - 2);
    // Of several blanks the first has shown all there is to see.
    if (blank ? /\s/u.test(previous) : !"。！？".includes(previous)) return;
    if (brokeLine) return;
    const spans = splitSentences(plain, options);
    if (spans.length >= 2) release(spans, spans.length - 1);
    else if (blank && plain.length >= longestSentence) release(spans, spans.length);
  }

  function mark(numbers: readonly { number: number }[]): void {
    if (numbers.length === 0) return;
    markers.push(...numbers.map(({ number }) => ({ at: plain.length, number })));
    afterMarker = true;
  }

  function flushHeld(): void {
    const chars = held;
    const marks = inner;
    held = "";
    inner = [];
    let at = 0;
    for (const char of chars) {
      mark(marks.filter((marker) => marker.at === at));
      add(char);
      at += char.length;
    }
    mark(marks.filter((marker) => marker.at === at));
  }

  function read(char: string): void {
    if (held === "" && char !== "[") return add(char);
    held += char;
    const opened = held.lastIndexOf("[");
    const bracket = held.slice(opened);
    if (wholeMarker.test(bracket) || (emptied.test(bracket) && inner.some(({ at }) => at > opened))) {
      held = held.slice(0, opened);
      inner = inner.map(({ at, number }) => ({ at: Math.min(at, opened), number }));
      for (const [digits] of bracket.matchAll(/\d+/gu)) inner.push({ at: opened, number: Number(digits) });
      if (held === "") flushHeld();
    } else if (held.length > longestMarker || !beginsMarkers.test(held)) flushHeld();
  }

  function take(): GatedSentence[] {
    return ready.splice(0);
  }

  return {
    push(delta) {
      const text = highSurrogate + delta;
      highSurrogate = "";
      let at = 0;
      for (const char of text) {
        at += char.length;
        // A pair may be cut between two deltas.
        if (at === text.length && /^[\ud800-\udbff]$/.test(char)) highSurrogate = char;
        else read(char.toWellFormed());
      }
      return take();
    },
    end() {
      if (highSurrogate !== "") read("\ufffd");
      highSurrogate = "";
      flushHeld();
      releaseAll();
      return take();
    },
  };
}
