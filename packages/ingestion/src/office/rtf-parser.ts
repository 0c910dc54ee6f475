import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";

/** Groups that hold no body text. */
const hiddenDestinations: ReadonlySet<string> = new Set(
  (
    "fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr footerf fldinst datafield listtable listoverridetable " +
    "revtbl rsidtbl generator themedata colorschememapping latentstyles datastore xmlnstbl filetbl nonshppict bkmkstart bkmkend pntext pntxtb pntxta listtext atnid atnauthor annotation"
  ).split(" "),
);

const symbols: Readonly<Record<string, string>> = {
  par: "\n",
  sect: "\n",
  page: "\n",
  line: "\u2028",
  tab: "\t",
  cell: " | ",
  nestcell: " | ",
  row: "\n",
  nestrow: "\n",
  emdash: "—",
  endash: "–",
  lquote: "‘",
  rquote: "’",
  ldblquote: "“",
  rdblquote: "”",
  bullet: "•",
  emspace: " ",
  enspace: " ",
};

/** Windows code pages by `\ansicpg` and by the character sets of fonts. */
const charsets: Readonly<Record<number, string>> = {
  128: "shift_jis",
  129: "euc-kr",
  134: "gbk",
  136: "big5",
  161: "windows-1253",
  162: "windows-1254",
  177: "windows-1255",
  178: "windows-1256",
  186: "windows-1257",
  204: "windows-1251",
  222: "windows-874",
  238: "windows-1250",
};
const codePages: Readonly<Record<number, string>> = {
  932: "shift_jis",
  936: "gbk",
  949: "euc-kr",
  950: "big5",
  10000: "macintosh",
  65001: "utf-8",
};

interface State {
  hidden: boolean;
  /** Bytes to skip after a `\u` escape. */
  fallback: number;
  font: number;
  inFontTable: boolean;
}

const maxDepth = 2000;

/** Rich Text Format: paragraphs and table rows; headers, footers, pictures and field codes are left out. */
export function createRtfParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: ["application/rtf", "text/rtf"],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      const builder = createDocumentBuilder(limits);
      for (const line of readRtf(bytes).split("\n")) appendLine(builder, line);
      return builder.build({ mediaType: "application/rtf" });
    },
  };
}

function appendLine(builder: DocumentBuilder, line: string): void {
  const text = line.replaceAll("\u2028", "\n");
  const cells = text.split(" | ").map((cell) => cell.trim());
  if (cells.length > 2 && cells.at(-1) === "") builder.append({ kind: "table-row", text: cells.slice(0, -1).join(" | "), group: 1 });
  else builder.append({ kind: "paragraph", text });
}

/** The visible text; `\n` ends a paragraph or row. One pass over the bytes. */
function readRtf(bytes: Uint8Array): string {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const token = /\\(?:'([0-9a-fA-F]{2})|([a-zA-Z]{1,32})(-?\d{1,10})? ?|([^a-zA-Z]))|([{}])|([^\\{}\r\n]+)|[\r\n]+/gy;
  const reader = new RtfReader();
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    const [, hex, word, parameter, symbol, brace, text] = match;
    if (hex !== undefined) reader.readByte(Number.parseInt(hex, 16));
    else if (symbol !== undefined) reader.readSymbol(symbol);
    else if (word !== undefined) token.lastIndex += reader.readWord(word, parameter === undefined ? null : Number(parameter));
    else if (brace === "{") reader.openGroup();
    else if (brace === "}") reader.closeGroup();
    else reader.readText(text ?? "");
  }
  return reader.end();
}

class RtfReader {
  readonly #output: string[] = [];
  readonly #fonts = new Map<number, string>();
  readonly #stack: State[] = [];
  #state: State = { hidden: false, fallback: 1, font: 0, inFontTable: false };
  #codePage = "windows-1252";
  /** Escaped bytes that are decoded together: a character may have two. */
  #bytes: number[] = [];
  /** Characters that stand for a `\u` escape and are still to be skipped. */
  #skip = 0;
  #ignorable = false;
  #groupStart = false;

  readByte(byte: number): void {
    if (this.#skip > 0) this.#skip -= 1;
    else this.#bytes.push(byte);
  }

  readSymbol(symbol: string): void {
    this.#decodeBytes();
    // `\*` marks a group that may be ignored only at its start.
    if (symbol === "*") this.#ignorable = this.#groupStart;
    else if (symbol === "~") this.#show(" ");
    else if (symbol === "_") this.#show("-");
    else if (symbol === "\n" || symbol === "\r") this.#show("\n");
    else if (symbol !== "-" && symbol !== ":") this.#show(symbol);
  }

  /** Returns how many of the bytes that follow belong to the word. */
  readWord(word: string, value: number | null): number {
    this.#decodeBytes();
    let length = 0;
    if (word === "fonttbl") this.#state.inFontTable = true;
    if (hiddenDestinations.has(word) || (this.#ignorable && word !== "shppict" && word !== "nesttableprops")) this.#state.hidden = true;
    else length = this.#obey(word, value);
    if (this.#state.inFontTable && value !== null) this.#describeFont(word, value);
    this.#endToken();
    return length;
  }

  openGroup(): void {
    this.#decodeBytes();
    if (this.#stack.length >= maxDepth)
      throw new FootnoteError("document_corrupt", "The file's groups are nested too deeply; save it again.");
    this.#stack.push(this.#state);
    this.#state = { ...this.#state };
    this.#skip = 0;
    this.#endToken();
    this.#groupStart = true;
  }

  closeGroup(): void {
    this.#decodeBytes();
    this.#state = this.#stack.pop() ?? this.#state;
    this.#skip = 0;
    this.#endToken();
  }

  readText(text: string): void {
    this.#decodeBytes();
    this.#show(text.slice(this.#skip));
    this.#skip = Math.max(0, this.#skip - text.length);
    this.#endToken();
  }

  end(): string {
    this.#decodeBytes();
    return this.#output.join("");
  }

  #obey(word: string, value: number | null): number {
    const state = this.#state;
    switch (word) {
      case "u":
        if (value === null) break;
        this.#show(String.fromCharCode(value < 0 ? value + 65_536 : value));
        this.#skip = state.fallback;
        break;
      case "uc":
        state.fallback = Math.max(0, value ?? 1);
        break;
      case "v":
        state.hidden ||= value !== 0;
        break;
      case "bin":
        return Math.max(0, value ?? 0);
      case "ansicpg":
        if (value !== null) this.#codePage = knownEncoding(codePages[value] ?? `windows-${value}`) ?? this.#codePage;
        break;
      case "f":
      case "deff":
        state.font = value ?? 0;
        break;
      default:
        this.#show(symbols[word] ?? "");
    }
    return 0;
  }

  #describeFont(word: string, value: number): void {
    if (word === "f") this.#state.font = value;
    else if (word === "fcharset" && charsets[value] !== undefined) this.#fonts.set(this.#state.font, charsets[value]);
  }

  #decodeBytes(): void {
    if (this.#bytes.length === 0) return;
    const encoding = this.#fonts.get(this.#state.font) ?? this.#codePage;
    if (!this.#state.hidden) this.#output.push(new TextDecoder(encoding).decode(Uint8Array.from(this.#bytes)));
    this.#bytes = [];
  }

  #show(text: string): void {
    if (!this.#state.hidden) this.#output.push(text);
  }

  #endToken(): void {
    this.#ignorable = false;
    this.#groupStart = false;
  }
}

function knownEncoding(name: string): string | null {
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return null;
  }
}
