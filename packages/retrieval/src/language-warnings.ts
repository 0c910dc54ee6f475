import type { EmbedderCapabilities, PipelineSpec } from "@footnote/core";

/** Documents of one language; null: it could not be told. */
export interface LanguageCount {
  language: string | null;
  documents: number;
}

const names = new Intl.DisplayNames(["en"], { type: "language" });

function nameOf(language: string): string {
  try {
    return names.of(language) ?? language;
  } catch {
    return language;
  }
}

/**
 * Plain sentences about languages that a collection holds, or is set up for, and its embedder was not trained on: such text is found by its
 * words and hardly by its meaning. Empty where all languages are supported, and where the embedder does not say which ones it supports.
 */
export function languageWarnings(options: {
  spec: PipelineSpec;
  /** Of the space that requests search. */
  embedder: { space: string; languages: EmbedderCapabilities["languages"] };
  /** Of the collection's documents. */
  documents: readonly LanguageCount[];
}): string[] {
  const { spec, embedder, documents } = options;
  const { language: analyzed } = spec.index.analyzer;
  if (embedder.languages.length === 0) return [];
  const supported = embedder.languages.map(nameOf).join(", ");
  const warnings: string[] = [];
  if (!embedder.languages.includes(analyzed)) {
    warnings.push(
      `The collection is set up for ${nameOf(analyzed)}, and its embedder ${embedder.space} was trained for ${supported}: search finds words and hardly meaning. Choose a pipeline with an embedder for ${nameOf(analyzed)}.`,
    );
  }
  const unsupported = documents.filter(({ language }) => language !== null && !embedder.languages.includes(language));
  if (unsupported.length > 0) {
    const total = documents.reduce((sum, one) => sum + one.documents, 0);
    const count = unsupported.reduce((sum, one) => sum + one.documents, 0);
    const listed = unsupported
      .toSorted((a, b) => b.documents - a.documents || ((a.language ?? "") < (b.language ?? "") ? -1 : 1))
      .slice(0, 5)
      .map((one) => `${nameOf(one.language ?? "")} (${one.documents})`)
      .join(", ");
    const stemmed = unsupported.some(({ language }) => language === analyzed)
      ? ""
      : ` Its words match as they are written; stems are those of ${nameOf(analyzed)}.`;
    warnings.push(
      `${count} of ${total} ${total === 1 ? "document is" : "documents are"} in a language that the embedder ${embedder.space} was not trained for (${supported}): ${listed}. Such text is found by its words and hardly by its meaning.${stemmed}`,
    );
  }
  return warnings;
}
