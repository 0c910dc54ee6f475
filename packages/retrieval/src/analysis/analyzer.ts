import { FootnoteError, type AnalyzedText, type LexicalAnalyzer } from "@footnote/core";
import snowball from "snowball-stemmers";
import { stopWords } from "./stop-words.ts";
import { termId } from "./term-id.ts";
import { splitIdentifier, tokenize, type Token } from "./tokenize.ts";

/** Snowball algorithms by BCP 47 primary subtag. */
const algorithms: Record<string, string> = {
  ar: "arabic",
  ca: "catalan",
  cs: "czech",
  da: "danish",
  de: "german",
  en: "english",
  es: "spanish",
  eu: "basque",
  fi: "finnish",
  fr: "french",
  ga: "irish",
  hu: "hungarian",
  hy: "armenian",
  it: "italian",
  nb: "norwegian",
  nl: "dutch",
  nn: "norwegian",
  no: "norwegian",
  pt: "portuguese",
  ro: "romanian",
  ru: "russian",
  sl: "slovene",
  sv: "swedish",
  ta: "tamil",
  tr: "turkish",
};

/** Bumped whenever a text may get other terms than before; a collection is then indexed again. */
export const analyzerVersion = 1;
const longestStemmed = 40;
const cacheLimit = 50_000;

interface Term {
  term: string;
  id: number;
  /** Within the token. */
  start: number;
  end: number;
}

/** Gives the analyzer of a language, each made once because it keeps the terms of words it has seen. */
export function createAnalyzers(): (language: string, version?: number) => LexicalAnalyzer {
  const made = new Map<string, LexicalAnalyzer>();
  return (language, version = analyzerVersion) => {
    const key = `${language}@${version}`;
    const analyzer = made.get(key) ?? createAnalyzer({ language, version });
    made.set(key, analyzer);
    return analyzer;
  };
}

/**
 * The lexical analyzer of one language. A text is cut at everything but letters, digits and marks; each token is brought to
 * NFKC and lower case, dropped when it is a stop word, stemmed (Snowball) unless it holds a digit, and hashed. Identifiers
 * give their whole and their parts; numbers of three groups and more (`10.0.0.1`) their whole and their groups; scripts without
 * spaces are cut by ICU's dictionary, and what it leaves as single characters gives pairs of neighbours. In English,
 * diacritics are folded. A language without a stemmer (`ja`, `zh`, `und`, …) is analysed without stemming and stop words.
 */
export function createAnalyzer(options: { language: string; version?: number }): LexicalAnalyzer {
  const language = options.language.toLowerCase().split("-")[0] ?? "";
  if (!/^[a-z]{2,3}$/u.test(language)) {
    throw new FootnoteError("configuration_invalid", "The analyzer's language is not a BCP 47 subtag; use one such as `en`.");
  }
  if (options.version !== undefined && options.version !== analyzerVersion) {
    throw new FootnoteError(
      "pipeline_incompatible",
      `Analyzer version ${options.version} is not served by this release, which has version ${analyzerVersion}; index the collection again.`,
    );
  }
  const algorithm = algorithms[language];
  const stemmer = algorithm ? snowball.newStemmer(algorithm) : null;
  const stops = stopWords(language === "nb" || language === "nn" ? "no" : language);
  const segmenter = new Intl.Segmenter(language, { granularity: "word" });
  // Words repeat: stemming and hashing happen once per distinct token.
  const cache = new Map<string, Term[]>();

  function normalize(word: string): string {
    if (/^[\x00-\x7f]*$/u.test(word)) return word.toLowerCase();
    const plain = word.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
    if (language !== "en") return plain.toLowerCase();
    return plain
      .normalize("NFD")
      .replace(/[\u0300-\u036f]/gu, "")
      .normalize("NFC")
      .toLowerCase();
  }

  function addTerm(terms: Term[], word: string, span: { start: number; end: number }): void {
    const normal = normalize(word);
    if (normal === "" || stops.has(normal)) return;
    const stem = stemmer && normal.length <= longestStemmed && !/\p{N}/u.test(normal) ? stemmer.stem(normal) : normal;
    const term = stem === "" ? normal : stem;
    terms.push({ term, id: termId(term), ...span });
  }

  function wordTerms(token: Token, raw: string): Term[] {
    const terms: Term[] = [];
    let from = 0;
    let to = raw.length;
    while (raw[from] === "_") from += 1;
    while (to > from && raw[to - 1] === "_") to -= 1;
    const word = raw.slice(from, to);
    addTerm(terms, word, { start: from, end: to });
    if (token.numberGroups >= 3) {
      let at = from;
      for (const group of word.split(/[.,]/u)) {
        addTerm(terms, group, { start: at, end: at + group.length });
        at += group.length + 1;
      }
    } else if (token.compound) {
      for (const part of splitIdentifier(word)) {
        addTerm(terms, word.slice(part.start, part.end), { start: from + part.start, end: from + part.end });
      }
    }
    return terms;
  }

  function denseTerms(raw: string): Term[] {
    const terms: Term[] = [];
    let singles: { segment: string; index: number }[] = [];
    const flush = () => {
      const only = singles[0];
      if (singles.length === 1 && only) addTerm(terms, only.segment, { start: only.index, end: only.index + only.segment.length });
      for (let i = 0; i + 1 < singles.length; i++) {
        const first = singles[i];
        const second = singles[i + 1];
        if (first && second) {
          addTerm(terms, first.segment + second.segment, { start: first.index, end: second.index + second.segment.length });
        }
      }
      singles = [];
    };
    for (const { segment, index } of segmenter.segment(raw)) {
      const isSingle = segment.length === 1 || (segment.length === 2 && (segment.codePointAt(0) ?? 0) > 0xffff);
      if (isSingle) {
        singles.push({ segment, index });
        continue;
      }
      flush();
      addTerm(terms, segment, { start: index, end: index + segment.length });
    }
    flush();
    return terms;
  }

  function termsOf(text: string, token: Token): Term[] {
    const raw = text.slice(token.start, token.end);
    const known = cache.get(raw);
    if (known) return known;
    const terms = token.type === "dense" ? denseTerms(raw) : wordTerms(token, raw);
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(raw, terms);
    return terms;
  }

  return {
    language,
    version: analyzerVersion,
    analyze(text): AnalyzedText {
      const counts = new Map<number, number>();
      let length = 0;
      for (const token of tokenize(text)) {
        for (const { id } of termsOf(text, token)) {
          counts.set(id, (counts.get(id) ?? 0) + 1);
          length += 1;
        }
      }
      const sorted = [...counts].sort(([a], [b]) => a - b);
      return { termIds: sorted.map(([id]) => id), frequencies: sorted.map(([, count]) => count), length };
    },
    terms(text) {
      const found: { term: string; start: number; end: number }[] = [];
      for (const token of tokenize(text)) {
        for (const { term, start, end } of termsOf(text, token)) {
          found.push({ term, start: token.start + start, end: token.start + end });
        }
      }
      return found;
    },
  };
}
