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
  const output: string[] = [];
  const fonts = new Map<number, string>();
  const stack: State[] = [];
  let state: State = { hidden: false, fallback: 1, font: 0, inFontTable: false };
  let codePage = "windows-1252";
  let pending: number[] = [];
  let skip = 0;
  let ignorable = false;
  let groupStart = false;
  const flush = (): void => {
    if (pending.length > 0 && !state.hidden)
      output.push(new TextDecoder(fonts.get(state.font) ?? codePage).decode(Uint8Array.from(pending)));
    pending = [];
  };
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    const [, hex, word, parameter, symbol, brace, text] = match;
    if (hex !== undefined) {
      if (skip > 0) skip -= 1;
      else pending.push(Number.parseInt(hex, 16));
      continue;
    }
    flush();
    if (brace === "{") {
      if (stack.length >= maxDepth) throw new FootnoteError("document_corrupt", "The file's groups are nested too deeply; save it again.");
      stack.push(state);
      state = { ...state };
      skip = 0;
    } else if (brace === "}") {
      state = stack.pop() ?? state;
      skip = 0;
    } else if (text !== undefined) {
      const shown = text.slice(skip);
      skip = Math.max(0, skip - text.length);
      if (!state.hidden) output.push(shown);
    } else if (symbol !== undefined) {
      // `\*` marks a group that may be ignored only at its start.
      if (symbol === "*") ignorable = groupStart;
      else if (symbol === "~") output.push(state.hidden ? "" : " ");
      else if (symbol === "_") output.push(state.hidden ? "" : "-");
      else if (symbol === "\n" || symbol === "\r") output.push(state.hidden ? "" : "\n");
      else if (symbol !== "-" && symbol !== ":" && !state.hidden) output.push(symbol);
      continue;
    } else if (word !== undefined) {
      const value = parameter === undefined ? null : Number(parameter);
      if (word === "fonttbl") state.inFontTable = true;
      if (hiddenDestinations.has(word) || (ignorable && word !== "shppict" && word !== "nesttableprops")) state.hidden = true;
      else if (word === "u" && value !== null) {
        if (!state.hidden) output.push(String.fromCharCode(value < 0 ? value + 65_536 : value));
        skip = state.fallback;
      } else if (word === "uc") state.fallback = Math.max(0, value ?? 1);
      else if (word === "v") state.hidden ||= value !== 0;
      else if (word === "bin" && value !== null) token.lastIndex += Math.max(0, value);
      else if (word === "ansicpg" && value !== null) codePage = knownEncoding(codePages[value] ?? `windows-${value}`) ?? codePage;
      else if (word === "f" || word === "deff") state.font = value ?? 0;
      else if (!state.hidden) output.push(symbols[word] ?? "");
      if (word === "f" && value !== null && state.inFontTable) state.font = value;
      if (word === "fcharset" && value !== null && state.inFontTable && charsets[value] !== undefined)
        fonts.set(state.font, charsets[value]);
    }
    ignorable = false;
    groupStart = brace === "{";
  }
  flush();
  return output.join("");
}

function knownEncoding(name: string): string | null {
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return null;
  }
}
