import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { BeirDocument, BeirQuery, Relevance } from "@footnote/evaluation/datasets";
import { createRandom, shuffled } from "@footnote/evaluation/statistics";

/** A retrieval set made from documentation that nobody has asked questions about. */
export interface DocumentationPairs {
  documents: BeirDocument[];
  queries: BeirQuery[];
  relevance: Map<string, Relevance>;
}

interface Section {
  file: string;
  title: string;
  heading: string;
  text: string;
}

const maxSectionLength = 5_000;

/** The Markdown files of packed corpora, in the order of their names. */
export async function readPackedMarkdown(archives: readonly string[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const archive of archives) {
    const folder = await mkdtemp(join(tmpdir(), "footnote-corpus-"));
    try {
      await promisify(execFile)("tar", ["-xJf", archive, "-C", folder]);
      const names = await readdir(folder, { recursive: true });
      for (const name of names.filter((candidate) => candidate.endsWith(".md"))) {
        files.set(`${basename(archive)}/${name}`, await readFile(join(folder, name), "utf8"));
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Rows are sections of Markdown files; a query is a section's heading, or a sentence of it, and what it was made of is taken out of the
 * row, so that it cannot be found by being the same. Half of the sentences are cut down to some of their longer words. The same files give the same set.
 */
export function makeDocumentationPairs(files: ReadonlyMap<string, string>, counts: { rows: number; queries: number }): DocumentationPairs {
  const random = createRandom(7);
  const byFile = shuffled(
    [...files].map(([file, text]) => sectionsOf(file, text)).filter((sections) => sections.length > 1),
    random,
  );
  // Whole files: a section's rivals are above all its neighbours.
  const sections: Section[] = [];
  for (const own of byFile) {
    if (sections.length >= counts.rows) break;
    sections.push(...own.slice(0, 12));
  }
  const filesWith = new Map<string, number>();
  for (const { heading } of sections) filesWith.set(heading.toLowerCase(), (filesWith.get(heading.toLowerCase()) ?? 0) + 1);

  const order = shuffled([...sections.keys()], random);
  const questions = new Map<number, { query: string; without: string }>();
  for (const at of order) {
    if (questions.size >= counts.queries) break;
    const section = sections[at];
    if (!section) continue;
    const made = random() < 0.4 ? headingQuestion(section, filesWith) : sentenceQuestion(section, random);
    if (made) questions.set(at, made);
  }
  const documents = sections.map((section, at): BeirDocument => {
    const question = questions.get(at);
    return { id: `row-${at}`, title: section.title, text: question ? question.without : `${section.heading}\n\n${section.text}` };
  });
  const chosen = [...questions].sort(([a], [b]) => a - b);
  return {
    documents,
    queries: chosen.map(([at, { query }]) => ({ id: `question-${at}`, text: query })),
    relevance: new Map(chosen.map(([at]) => [`question-${at}`, new Map([[`row-${at}`, 1]])])),
  };
}

function headingQuestion(
  { title, heading, text }: Section,
  filesWith: ReadonlyMap<string, number>,
): { query: string; without: string } | null {
  if (!/\p{L}{3}/u.test(heading)) return null;
  // What several files call a section ("Motivation") names nothing without its document.
  const isShared = (filesWith.get(heading.toLowerCase()) ?? 0) > 1 || heading.split(/\s+/u).length < 2;
  return { query: isShared ? `${heading} ${title}` : heading, without: text };
}

function sentenceQuestion({ heading, text }: Section, random: () => number): { query: string; without: string } | null {
  const sentences = text.match(/[A-Z`][^.!?\n]{40,220}[.!?](?=\s|$)/gu) ?? [];
  const sentence = sentences[Math.floor(random() * sentences.length)];
  if (sentence === undefined) return null;
  const words = sentence.replace(/[`*_[\]()]/gu, " ").split(/\s+/u);
  const kept = words.filter((word) => word.length > 3 && random() < 0.6);
  const query = random() < 0.5 && kept.length >= 3 ? kept.join(" ") : words.join(" ");
  return { query, without: `${heading}\n\n${text.replaceAll(sentence, " ")}` };
}

function sectionsOf(file: string, raw: string): Section[] {
  const named = /^title:\s*(.+)$/mu.exec(raw.slice(0, 3_000))?.[1]?.trim();
  const body = raw.replace(/^---\n[\s\S]*?\n---\n/u, "").replaceAll(/<!--[\s\S]*?-->/gu, "");
  let title = named ?? "";
  const sections: Section[] = [];
  let isCode = false;
  let heading = "";
  let lines: string[] = [];
  const close = () => {
    const text = lines.join("\n").trim();
    lines = [];
    if (text.length < 400 || /^(?:table of contents|references|copyright)/iu.test(heading)) return;
    sections.push({ file, title, heading: heading === "" ? title : heading, text: text.slice(0, maxSectionLength) });
  };
  for (const line of body.split("\n")) {
    if (/^\s*(?:```|~~~)/u.test(line)) isCode = !isCode;
    const found = isCode ? null : /^(#{1,3})\s+(.+?)\s*#*$/u.exec(line);
    if (!found) {
      lines.push(line);
      continue;
    }
    close();
    heading = (found[2] ?? "").replaceAll(/[`*]|\[([^\]]*)\]\([^)]*\)/gu, "$1").trim();
    if (title === "") title = found[1] === "#" ? heading : basename(file, ".md").replaceAll("-", " ");
  }
  close();
  return sections;
}
