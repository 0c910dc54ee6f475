import { throwIfAborted } from "../errors.ts";
import { sha256 } from "../hash.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import { splitSentences } from "../sentences.ts";
import type { OpenAiChatRequest, OpenAiReply } from "./openai-server.ts";

/** How a sentence without support is made: out of nothing, or by changing a number or the sense of one that stands in a source. */
export type UnsupportedKind = "invented" | "number" | "negation";

export interface UnfaithfulOptions {
  /** Share of sentences that no source supports, 0…1. Of a few sentences the share differs by chance: `said` holds what it was. */
  share: number;
  /** Other seeds put them elsewhere. Default `1`. */
  seed?: string;
  /** Kinds in turn; one that a sentence does not allow becomes `invented`. Default only `invented`. */
  kinds?: readonly UnsupportedKind[];
  /** Sentences of an answer. Default 4, never more than are asked for. */
  sentences?: number;
}

export interface SaidSentence {
  question: string;
  text: string;
  /** The source whose number stands behind it. */
  marker: number;
  supported: boolean;
}

interface WriterSource {
  marker: number;
  text: string;
}

/**
 * Writes answers of sentences that stand in the sources word for word, and, in a known share of places, of sentences that do not. What it
 * writes depends on seed and question only, so that a run can be repeated question by question.
 */
export function createUnfaithfulWriter(options: UnfaithfulOptions): {
  write(request: { question: string; sources: readonly WriterSource[]; maxSentences: number }): SaidSentence[];
  readonly said: readonly SaidSentence[];
} {
  const { share, seed = "1", kinds = ["invented"], sentences = 4 } = options;
  const said: SaidSentence[] = [];
  return {
    said,
    write({ question, sources, maxSentences }) {
      const answer: SaidSentence[] = [];
      for (const { marker, text } of candidates(sources).slice(0, Math.min(sentences, maxSentences))) {
        const place = sha256(`${seed}\n${question}\n${answer.length}`);
        const supported = Number.parseInt(place.slice(0, 8), 16) / 2 ** 32 >= share;
        const kind = kinds[Number.parseInt(place.slice(8, 14), 16) % kinds.length] ?? "invented";
        answer.push({ question, marker, supported, text: supported ? text : falsify(text, kind, place) });
      }
      said.push(...answer);
      return answer;
    },
  };
}

/** The writer as a language model. `said` holds every sentence of every answer. */
export function createUnfaithfulModel(
  options: UnfaithfulOptions & { name?: string },
): LanguageModel & { readonly said: readonly SaidSentence[] } {
  const { name = "unfaithful", ...rest } = options;
  const writer = createUnfaithfulWriter(rest);
  return {
    name,
    capabilities: { extractive: false },
    said: writer.said,
    async *generate({ question, sources, maxSentences, signal }) {
      throwIfAborted(signal);
      const answer = writer.write({
        question,
        sources: sources.map(({ marker, hit }) => ({ marker, text: hit.chunk.text })),
        maxSentences,
      });
      const text = answerText(answer);
      if (text !== "") yield { type: "text-delta", text };
      yield {
        type: "finish",
        reason: text === "" ? "unsupported" : "stop",
        promptTokens: 0,
        completionTokens: Math.ceil(text.length / 4),
        cachedTokens: 0,
      };
    },
  };
}

/** The writer behind a scripted OpenAI server: reads the sources and the question out of the prompt `cited-answer@1`. */
export function unfaithfulReply(
  writer: ReturnType<typeof createUnfaithfulWriter>,
  { prompt }: Pick<OpenAiChatRequest, "prompt">,
): OpenAiReply {
  const lines = prompt.split("\n");
  const sources = lines.filter((line) => line.startsWith('{"source":')).map(readSource);
  const question: unknown = JSON.parse(lines.find((line) => line.startsWith("Question: "))?.slice("Question: ".length) ?? '""');
  const most = Number(/^Answer in at most (\d+)/mu.exec(prompt)?.[1] ?? 1);
  const text = answerText(writer.write({ question: String(question), sources, maxSentences: most }));
  return { text: text === "" ? "NO_ANSWER" : text.split(/(?<=\] )/u) };
}

const answerText = (answer: readonly SaidSentence[]) => answer.map(({ text, marker }) => `${text} [${marker}]`).join(" ");

function readSource(line: string): WriterSource {
  const row: { source: number; text: string } = JSON.parse(line);
  return { marker: row.source, text: row.text };
}

/** Whole plain sentences of the sources, the first of each source first. */
function candidates(sources: readonly WriterSource[]): WriterSource[] {
  const perSource = sources.map(({ marker, text }) =>
    splitSentences(text)
      .map(({ start, end }) => ({ marker, text: text.slice(start, end).trim() }))
      .filter(({ text: sentence }) => /^\p{Lu}[^|[\]\n]{20,240}[.!?]$/u.test(sentence) && splitSentences(sentence).length === 1),
  );
  const seen = new Set<string>();
  const ordered: WriterSource[] = [];
  for (let at = 0; perSource.some((sentences) => at < sentences.length); at++) {
    for (const sentences of perSource) {
      const sentence = sentences[at];
      if (sentence === undefined || seen.has(sentence.text)) continue;
      seen.add(sentence.text);
      ordered.push(sentence);
    }
  }
  return ordered;
}

const subjects = ["The Zorvane committee", "The lighthouse orchestra", "Every amber turbine", "The Quillmark depot", "A velvet submarine"];
const deeds = ["approved", "repainted", "auctioned", "translated", "dismantled"];
const objects = ["copper violins", "frozen lanterns", "paper glaciers", "marble bicycles", "wooden satellites"];

function falsify(sentence: string, kind: UnsupportedKind, place: string): string {
  const pick = (list: readonly string[], at: number) => list[Number.parseInt(place.slice(at, at + 4), 16) % list.length] ?? "";
  const number = 100 + (Number.parseInt(place.slice(40, 44), 16) % 900);
  if (kind === "number" && /\p{N}/u.test(sentence))
    return sentence.replace(/\p{N}+/u, (digits) => (digits === String(number) ? String(number + 1) : String(number)));
  const negated = sentence.replace(/\b(is|are|was|were|can|must|may|will|has|have)\b(?! not)/u, "$1 not");
  if (kind === "negation" && negated !== sentence) return negated;
  return `${pick(subjects, 14)} ${pick(deeds, 18)} ${number} ${pick(objects, 22)} in ${pick(["Thule", "Atlantis", "Lyonesse", "Avalon"], 26)}.`;
}
