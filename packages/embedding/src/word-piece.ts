import { readFileSync } from "node:fs";
import { FootnoteError } from "@footnote/core";
import { LRUCache } from "lru-cache";
import { z } from "zod";

/** The parts of a `tokenizer.json` that say how BERT's WordPiece works; anything else is refused. */
const tokenizerFile = z.object({
  normalizer: z.object({
    type: z.literal("BertNormalizer"),
    clean_text: z.literal(true),
    handle_chinese_chars: z.literal(true),
    strip_accents: z.literal(true).nullable(),
    lowercase: z.literal(true),
  }),
  pre_tokenizer: z.object({ type: z.literal("BertPreTokenizer") }),
  model: z.object({
    type: z.literal("WordPiece").default("WordPiece"),
    unk_token: z.string(),
    continuing_subword_prefix: z.literal("##"),
    max_input_chars_per_word: z.int().min(1),
    vocab: z.record(z.string(), z.int().min(0)),
  }),
});

export interface WordPiece {
  /** Id of a token such as `[CLS]`. Throws when the vocabulary lacks it. */
  id(token: string): number;
  /** Whether this lower-case word is a token of its own. */
  knows(word: string): boolean;
  /** Ids of a text without special tokens, at most `limit` of them. Default: all. */
  encode(text: string, limit?: number): number[];
  /** Tokens of a text without special tokens. Additive over pieces cut at white space. */
  count(text: string): number;
}

/** Longest run of non-blank characters that is remembered, and how many are. About 10 MB at most. */
const longestCachedRun = 40;
const defaultCacheSize = 50_000;

// The sets of the reference: removed in cleaning, blank, and punctuation (Unicode's plus all ASCII symbols).
const removed = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\uFFFD]/gu;
const words =
  /[^\s\p{P}\u0021-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u007E]+|[\p{P}\u0021-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u007E]/gu;
const marks = /\p{Mn}/gu;
const ascii = /^[\u0000-\u007F]*$/;

/**
 * BERT's tokenizer (Devlin et al. 2018; WordPiece: Schuster and Nakajima 2012): clean, lower case, strip accents, split
 * at white space and punctuation, one token per ideograph, then greedy longest match over the vocabulary. Gives the ids
 * that `@xenova/transformers` gives, with one difference meant: `[SEP]` and its like in a text are text, so that a
 * document cannot put special tokens into the model's input.
 *
 * `cacheSize`: runs of non-blank characters whose tokens are remembered. Default 50,000.
 */
export function createWordPiece(options: { tokenizerPath: string; cacheSize?: number }): WordPiece {
  const { tokenizerPath, cacheSize = defaultCacheSize } = options;
  const { heads, tails, longestPiece, longestWord, unknown } = vocabularyOf(tokenizerPath);

  const encodeWord = (word: string, out: number[]) => {
    let length = word.length;
    if (length > longestWord) {
      // The limit counts code points.
      length = [...word].length;
      if (length > longestWord) {
        out.push(unknown);
        return;
      }
    }
    const first = out.length;
    let start = 0;
    while (start < word.length) {
      const pieces = start === 0 ? heads : tails;
      let end = Math.min(word.length, start + longestPiece);
      let id: number | undefined;
      for (; end > start; end--) {
        id = pieces.get(start === 0 && end === word.length ? word : word.slice(start, end));
        if (id !== undefined) break;
      }
      if (id === undefined) {
        out.length = first;
        out.push(unknown);
        return;
      }
      out.push(id);
      start = end;
    }
  };

  const encodeRun = (run: string): number[] => {
    let text = run;
    if (!ascii.test(text)) text = text.replace(removed, "").toLowerCase().normalize("NFD").replace(marks, "");
    else text = text.replace(removed, "").toLowerCase();
    const out: number[] = [];
    for (const word of text.match(words) ?? []) encodeWord(word, out);
    return out;
  };

  const cache = new LRUCache<string, number[]>({ max: Math.max(1, cacheSize) });
  const tokensOf = (text: string, start: number, end: number): number[] => {
    const run = text.slice(start, end);
    if (run.length > longestCachedRun) return encodeRun(run);
    let tokens = cache.get(run);
    if (tokens === undefined) cache.set(detached(run), (tokens = encodeRun(run)));
    return tokens;
  };

  /** Calls `visit` with the tokens of each run of non-blank characters until it returns false. */
  const eachRun = (text: string, visit: (tokens: number[]) => boolean) => {
    let start = -1;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (isBlank(code)) {
        if (start >= 0 && !visit(tokensOf(text, start, at))) return;
        start = -1;
      } else if (isIdeograph(code)) {
        // The reference puts blanks around each, so each is a run of its own.
        if (start >= 0 && !visit(tokensOf(text, start, at))) return;
        if (!visit(tokensOf(text, at, at + 1))) return;
        start = -1;
      } else if (start < 0) start = at;
    }
    if (start >= 0) visit(tokensOf(text, start, text.length));
  };

  return {
    id(token) {
      const id = heads.get(token);
      if (id === undefined) throw broken(tokenizerPath, `its vocabulary lacks ${token}`);
      return id;
    },
    knows: (word) => heads.has(word) && !word.startsWith("##") && !word.startsWith("["),
    encode(text, limit = Number.POSITIVE_INFINITY) {
      const out: number[] = [];
      eachRun(text, (tokens) => {
        for (const token of tokens) out.push(token);
        return out.length < limit;
      });
      if (out.length > limit) out.length = limit;
      return out;
    },
    count(text) {
      let count = 0;
      eachRun(text, (tokens) => {
        count += tokens.length;
        return true;
      });
      return count;
    },
  };
}

interface Vocabulary {
  heads: ReadonlyMap<string, number>;
  tails: ReadonlyMap<string, number>;
  longestPiece: number;
  longestWord: number;
  unknown: number;
}

/** Made once for each file: the embedder and the list of known words read the same one. */
const vocabularies = new Map<string, Vocabulary>();

function vocabularyOf(tokenizerPath: string): Vocabulary {
  const made = vocabularies.get(tokenizerPath);
  if (made) return made;
  const { unk_token: unknownToken, max_input_chars_per_word: longestWord, vocab } = readTokenizer(tokenizerPath).model;
  const heads = new Map<string, number>();
  const tails = new Map<string, number>();
  let longestPiece = 1;
  for (const [token, id] of Object.entries(vocab)) {
    // A token such as "##" itself is a head; the prefix alone continues nothing.
    if (token.startsWith("##") && token.length > 2) tails.set(token.slice(2), id);
    heads.set(token, id);
    longestPiece = Math.max(longestPiece, token.length);
  }
  const unknown = heads.get(unknownToken);
  if (unknown === undefined) throw broken(tokenizerPath, "its vocabulary lacks the unknown token");
  const vocabulary = { heads, tails, longestPiece, longestWord, unknown };
  vocabularies.set(tokenizerPath, vocabulary);
  return vocabulary;
}

function readTokenizer(path: string): z.infer<typeof tokenizerFile> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw broken(path, "it cannot be read", cause);
  }
  const parsed = tokenizerFile.safeParse(json);
  if (!parsed.success) throw broken(path, "it is not an uncased BERT WordPiece tokenizer", parsed.error);
  return parsed.data;
}

function broken(path: string, reason: string, cause?: unknown): FootnoteError {
  return new FootnoteError("configuration_invalid", `The tokenizer ${path} cannot be used because ${reason}; restore the model folder.`, {
    cause,
  });
}

/** What the reference turns into a blank: white space that is not a control or format character. */
function isBlank(code: number): boolean {
  if (code <= 32) return code === 32 || code === 9 || code === 10 || code === 13;
  return (
    code === 0xa0 ||
    (code >= 0x1680 &&
      (code === 0x1680 ||
        (code >= 0x2000 && code <= 0x200a) ||
        code === 0x2028 ||
        code === 0x2029 ||
        code === 0x202f ||
        code === 0x205f ||
        code === 0x3000))
  );
}

/** The ideographs that the reference isolates: those of the basic plane. */
function isIdeograph(code: number): boolean {
  return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) || (code >= 0xf900 && code <= 0xfaff);
}

/** A copy that does not keep alive the text it was cut from. */
function detached(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}
