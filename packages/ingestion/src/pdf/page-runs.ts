import type { PDFDocumentProxy, PDFPageProxy } from "pdfjs-dist";

/** A piece of text in one font on one baseline, in a frame turned so that the text runs along `u` and lines follow along `v`. */
export interface Run {
  text: string;
  /** Start along the text direction, in points. */
  u: number;
  /** Baseline, growing downwards. */
  v: number;
  width: number;
  /** Font size in points. */
  size: number;
  bold: boolean;
  monospace: boolean;
  rightToLeft: boolean;
}

/** The runs of one text direction of a page. */
export interface Frame {
  /** Radians, clockwise, in the page's top-left coordinates. */
  angle: number;
  runs: Run[];
}

export interface PageRuns {
  number: number;
  width: number;
  height: number;
  /** The direction with most text first. */
  frames: Frame[];
}

/** Remembers which fonts are bold: pdfjs tells it only where it has read a page's drawing operators, which is slow. */
export interface FontWeights {
  bold: Map<string, boolean>;
  /** Pages whose operators may still be read. */
  budget: number;
}

export function createFontWeights(): FontWeights {
  return { bold: new Map(), budget: 12 };
}

/** Fonts with less text than this on a page are not worth the operators. */
const minFontText = 3;

const ligatures = /[\u00A0\u00AD\uFB00-\uFB06\uFB13-\uFB17\uFB1D-\uFDFB\uFE70-\uFEFC]/gu;

/** Ligatures and presentation forms as the letters they stand for; no-break spaces as spaces. Everything else stays. */
export function plainLetters(text: string): string {
  return text.replace(ligatures, (letter) => (letter === "\u00AD" ? letter : letter.normalize("NFKC")));
}

export async function readPageRuns(document: PDFDocumentProxy, number: number, weights: FontWeights): Promise<PageRuns> {
  const page = await document.getPage(number);
  try {
    const viewport = page.getViewport({ scale: 1 });
    const content = await page.getTextContent({ disableNormalization: true, includeMarkedContent: false });
    const items = content.items.filter((item) => "str" in item);
    await learnWeights(page, items, weights);
    const frames = new Map<number, Frame>();
    let last: Run | undefined;
    for (const item of items) {
      if (item.str.trim() === "") {
        if (last !== undefined && item.str !== "" && !last.text.endsWith(" ")) last.text += " ";
        continue;
      }
      const placed = multiply(viewport.transform, item.transform);
      const [x, y] = [placed[4], placed[5]];
      const size = Math.hypot(placed[2], placed[3]) || Math.hypot(placed[0], placed[1]);
      if (!(size > 0) || ![x, y, size, item.width].every(Number.isFinite)) continue;
      if (x < -size || y < -size || x > viewport.width + size || y > viewport.height + 2 * size) continue;
      const degrees = Math.round((Math.atan2(placed[1], placed[0]) * 180) / Math.PI / 5) * 5;
      const angle = (degrees * Math.PI) / 180;
      const frame = frames.get(degrees) ?? { angle, runs: [] };
      frames.set(degrees, frame);
      last = {
        text: plainLetters(item.str),
        u: x * Math.cos(angle) + y * Math.sin(angle),
        v: y * Math.cos(angle) - x * Math.sin(angle),
        width: item.width,
        size,
        bold: weights.bold.get(item.fontName) ?? false,
        monospace: content.styles[item.fontName]?.fontFamily === "monospace",
        rightToLeft: item.dir === "rtl",
      };
      frame.runs.push(last);
    }
    const textOf = (frame: Frame): number => frame.runs.reduce((sum, run) => sum + run.text.length, 0);
    return {
      number,
      width: viewport.width,
      height: viewport.height,
      frames: [...frames.values()]
        .map((frame) => ({ ...frame, runs: withoutDoubles(frame.runs) }))
        .sort((left, right) => textOf(right) - textOf(left)),
    };
  } finally {
    page.cleanup();
  }
}

async function learnWeights(page: PDFPageProxy, items: readonly { str: string; fontName: string }[], weights: FontWeights): Promise<void> {
  const amount = new Map<string, number>();
  for (const item of items) {
    if (!weights.bold.has(item.fontName)) amount.set(item.fontName, (amount.get(item.fontName) ?? 0) + item.str.trim().length);
  }
  const unknown = [...amount].filter(([, length]) => length >= minFontText);
  if (unknown.length === 0 || weights.budget <= 0) return;
  weights.budget -= 1;
  await page.getOperatorList();
  for (const [name] of unknown) {
    const font: unknown = page.commonObjs.has(name) ? page.commonObjs.get(name) : null;
    weights.bold.set(name, isBoldFont(font));
  }
}

function isBoldFont(font: unknown): boolean {
  if (typeof font !== "object" || font === null) return false;
  if ("bold" in font && font.bold === true) return true;
  if ("black" in font && font.black === true) return true;
  return "name" in font && typeof font.name === "string" && /bold|black|heavy|semibold|CMBX|SFBX/iu.test(font.name);
}

type Matrix = [number, number, number, number, number, number];

function multiply(left: readonly number[], right: readonly number[]): Matrix {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = left;
  const [p = 1, q = 0, r = 0, s = 1, t = 0, w = 0] = right;
  return [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * w + e, b * t + d * w + f];
}

/** Bold is sometimes made by printing twice with a small shift: the second print goes. */
function withoutDoubles(runs: readonly Run[]): Run[] {
  const seen = new Map<string, Run[]>();
  return runs.filter((run) => {
    const key = `${run.text}\u0000${Math.round(run.size)}`;
    const same = seen.get(key);
    if (same?.some((other) => Math.abs(other.u - run.u) < run.size * 0.12 && Math.abs(other.v - run.v) < run.size * 0.12)) return false;
    if (same === undefined) seen.set(key, [run]);
    else if (same.length < 50) same.push(run);
    return true;
  });
}
