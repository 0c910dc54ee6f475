import { isHidden } from "./html-tree.ts";
import type { HtmlElement } from "./html-tree.ts";

export const blockElements: ReadonlySet<string> = new Set(
  (
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 " +
    "header hgroup hr html legend li main menu nav ol option p pre search section summary table tbody td tfoot th thead tr ul caption #root"
  ).split(" "),
);

/** Never content, wherever they stand. */
const chromeElements: ReadonlySet<string> = new Set(
  "head nav aside footer button input select textarea label audio video map dialog menu link meta rp rt".split(" "),
);
const chromeRoles: ReadonlySet<string> = new Set(
  "navigation banner contentinfo complementary search dialog alertdialog menu menubar toolbar tablist form".split(" "),
);

/** Words in class names and ids that name chrome. Compared with whole words of the name, split at `-`, `_` and capitals. */
const chromeWords: ReadonlySet<string> = new Set(
  (
    "ad ads advert advertisement advertising banner breadcrumb breadcrumbs byline combx comment comments consent cookie cookies copyright credits disclaimer disqus " +
    "editsection footer gdpr hidden login masthead menu meta modal nav navbar navigation navbox newsletter noprint optin outbrain overlay pager pagination paywall popup popular " +
    "promo promoted promotion recirc recommend recommended recommendations rail related remark replies respond rss share sharebar sharing shoutbox sidebar signup skip social " +
    "sponsor sponsored subscribe subscription taboola tag tags teaser timestamp toc toolbar tooltip trending widget topics newsletters shares sharedaddy jp"
  ).split(" "),
);
/** Words that say the opposite, so that `article-with-sidebar` is kept. */
const contentWords: ReadonlySet<string> = new Set("article body content entry main post story text page blog column prose".split(" "));

/** What may hold the whole content of a page. */
const containers: ReadonlySet<string> = new Set("#root html body main article section div center td form dd figure fieldset".split(" "));
/** Below this value a page has no prose to choose by. */
const minValue = 12;

interface Measure {
  words: number;
  linkWords: number;
  /** Sum over text blocks of what speaks for and against their being content. */
  value: number;
}

/** A block with links weighs `words − 2 · link words − 4`, so lists of links weigh below zero. Chosen on Readability's test pages. */
const linkCost = 2;
const blockCost = 4;
/** What a word of a short block without links weighs: a list item or a table cell is content, a label of a form may be. */
const shortWeight = 0.5;

/**
 * The part of a page that a reader came for: the subtree whose text blocks have the greatest sum of
 * `words − 2 · words in links − 4` (half their words for short blocks without links), after chrome (by element, role, and
 * class words) is taken out. Changes the tree. Linear.
 */
export function selectMainContent(root: HtmlElement): HtmlElement {
  const before = new Map<HtmlElement, Measure>();
  const total = measure(root, before);
  removeChrome(root, { before, prose: total.words - total.linkWords, insideArticle: false });
  const measures = new Map<HtmlElement, Measure>();
  const kept = measure(root, measures);
  let best = root;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (const [element, { value }] of measures) {
    // Children come before their parents in the map, so that an equal parent does not displace its child.
    if (value * preference(element) > bestValue && containers.has(element.name)) {
      best = element;
      bestValue = value * preference(element);
    }
  }
  const chosen = measures.get(best);
  // Nothing prose-like: a page of tables, labels or code is kept whole.
  if (chosen === undefined || bestValue < minValue || chosen.words < kept.words * 0.1) {
    if (kept.words - kept.linkWords >= 20) removeLinkLists(root, measures);
    return root;
  }
  removeLinkLists(best, measures);
  return best;
}

function preference(element: HtmlElement): number {
  if (element.name === "article" || element.name === "main" || element.attributes["itemprop"] === "articleBody") return 1.1;
  return element.name === "td" || element.name === "dd" || element.name === "figure" ? 0.6 : 1;
}

function measure(element: HtmlElement, measures: Map<HtmlElement, Measure>): Measure {
  const result: Measure = { words: 0, linkWords: 0, value: 0 };
  const run = { words: 0, linkWords: 0 };
  collect(element, { result, run, inLink: element.name === "a", measures });
  endRun(result, run);
  measures.set(element, result);
  return result;
}

function endRun(result: Measure, run: { words: number; linkWords: number }): void {
  if (run.linkWords > 0) result.value += run.words - linkCost * run.linkWords - blockCost;
  else result.value += Math.max(run.words * shortWeight, run.words - blockCost);
  run.words = 0;
  run.linkWords = 0;
}

function collect(
  element: HtmlElement,
  state: { result: Measure; run: { words: number; linkWords: number }; inLink: boolean; measures: Map<HtmlElement, Measure> },
): void {
  const { result, run, inLink, measures } = state;
  for (const child of element.children) {
    if (typeof child === "string") {
      const words = countWords(child);
      result.words += words;
      run.words += words;
      if (inLink) {
        result.linkWords += words;
        run.linkWords += words;
      }
    } else if (blockElements.has(child.name)) {
      endRun(result, run);
      const inner = measure(child, measures);
      result.words += inner.words;
      result.linkWords += inner.linkWords;
      result.value += inner.value;
    } else {
      collect(child, { result, run, measures, inLink: inLink || child.name === "a" });
    }
  }
}

/** White-space separated words; a script without spaces counts two characters as a word. */
function countWords(text: string): number {
  const unspaced = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu)?.length ?? 0;
  return (text.match(/\S+/gu)?.length ?? 0) + Math.trunc(unspaced / 2);
}

/** Takes out what is hidden or chrome, unless most of the page's prose lies in it. */
function removeChrome(
  element: HtmlElement,
  context: { before: ReadonlyMap<HtmlElement, Measure>; prose: number; insideArticle: boolean },
): void {
  const insideArticle = context.insideArticle || element.name === "article" || element.name === "main";
  element.children = element.children.filter((child) => {
    if (typeof child === "string") return true;
    if (child.name === "head" || isHidden(child)) return false;
    if (isChrome(child, insideArticle)) {
      const inner = context.before.get(child) ?? measure(child, new Map());
      const alwaysChrome = chromeElements.has(child.name) && child.name !== "aside";
      if (alwaysChrome || inner.words - inner.linkWords < context.prose * 0.4) return false;
    }
    removeChrome(child, { ...context, insideArticle });
    return true;
  });
}

function isChrome(element: HtmlElement, insideArticle: boolean): boolean {
  const { name, attributes } = element;
  if (chromeElements.has(name) || chromeRoles.has(attributes["role"] ?? "")) return true;
  if (name === "header" && !insideArticle) return true;
  if (name === "sup" && /\breference\b/u.test(attributes["class"] ?? "")) return true;
  if (
    name === "body" ||
    name === "html" ||
    name === "article" ||
    name === "main" ||
    /^h[1-6]$|^(?:p|pre|code|table|tr|td|tbody)$/u.test(name)
  )
    return false;
  const names = `${attributes["class"] ?? ""} ${attributes["id"] ?? ""}`;
  if (names === " ") return false;
  const words = names
    .replace(/([a-z])([A-Z])/gu, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/u);
  return words.some((word) => chromeWords.has(word)) && !words.some((word) => contentWords.has(word));
}

/** Takes out lists and boxes inside the content that are mostly links: "read also", tag clouds, share bars. */
function removeLinkLists(element: HtmlElement, measures: ReadonlyMap<HtmlElement, Measure>): void {
  element.children = element.children.filter((child) => {
    if (typeof child === "string") return true;
    const inner = measures.get(child);
    if (inner !== undefined && inner.linkWords > 0 && /^(?:ul|ol|div|section|dl|header|figure)$/u.test(child.name)) {
      const density = inner.linkWords / inner.words;
      if (density > 0.6 || (density > 0.35 && inner.words < 60)) return false;
    }
    removeLinkLists(child, measures);
    return true;
  });
}
