import { splitSentences } from "@footnote/core";

/** A finished sentence of a model's output, without its markers. */
export interface GatedSentence {
  text: string;
  /** Numbers of the markers that stood in or after it, in order, repeats removed. */
  markers: number[];
  /** What separates it from the sentence before: a line break where the model made one. */
  separator: " " | "\n";
}

const longestMarker = 24;
const longestSentence = 4_000;
/** One marker begun, or one within another. */
const partsOfMarkers = /^(?:\[\s*(?:\d{1,4}\s*(?:[,;]\s*)?)*)+$/u;
const wholeMarker = /^\[\s*\d{1,4}(?:\s*[,;]\s*\d{1,4})*\s*\]$/u;

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
  let emptied = false; // a marker within the held one was taken out
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
    if (!blank && !"。！？".includes(previous)) return;
    if (brokeLine) return;
    const spans = splitSentences(plain, options);
    if (spans.length >= 2) release(spans, spans.length - 1);
    else if (blank && plain.length >= longestSentence) release(spans, spans.length);
  }

  function flushHeld(): void {
    const chars = held;
    held = "";
    emptied = false;
    for (const char of chars) add(char);
  }

  function read(char: string): void {
    if (held === "" && char !== "[") return add(char);
    held += char;
    const opened = held.lastIndexOf("[");
    const innermost = held.slice(opened);
    if (wholeMarker.test(innermost) || (emptied && /^\[\s*\]$/u.test(innermost))) {
      for (const [digits] of innermost.matchAll(/\d+/gu)) markers.push({ at: plain.length, number: Number(digits) });
      held = held.slice(0, opened);
      emptied = held !== "";
      afterMarker = held === "";
    } else if (held.length > longestMarker || !partsOfMarkers.test(held)) {
      // A bracket that opens late may still begin a marker.
      const rest = partsOfMarkers.test(innermost) && opened > 0 ? innermost : "";
      held = held.slice(0, held.length - rest.length);
      flushHeld();
      held = rest;
    }
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
