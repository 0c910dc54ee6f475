import { createHash } from "node:crypto";
import { sha256 } from "@footnote/core";
import type { Chunker, Embedder, GenerateRequest, LanguageModel, ModelEvent, ModelSource, PipelineSpec, Reranker } from "@footnote/core";
import { createRandom } from "@footnote/evaluation/statistics";
import { createEngine } from "@footnote/server/engine";
import type { Engine } from "@footnote/server/engine";
import { openParts } from "@footnote/server/parts";
import type { Parts, PartsOptions } from "@footnote/server/parts";

/** A fault that the gate must find: what it does to a pipeline's spec and to the parts of the program. */
export interface Fault {
  name: string;
  description: string;
  spec?(spec: PipelineSpec): PipelineSpec;
  /** A fault of what is indexed needs a store of its own. */
  engine?(made: Engine): Engine;
  /** A model made of the extractive one; its name is the fault's. */
  model?(extractive: LanguageModel): LanguageModel;
  reranker?: Reranker;
}

/** What a fault makes of a pipeline. */
export function faultySpec(fault: Fault, spec: PipelineSpec): PipelineSpec {
  const changed = fault.spec?.(spec) ?? spec;
  const answer = fault.model ? { ...changed.answer, model: fault.name } : changed.answer;
  return { ...changed, name: faultyName(fault, spec.name), answer };
}

export const faultyName = ({ name }: Fault, pipeline: string): string => `${name}-${pipeline}`;

/** The parts of the program with the faults in them; those that change what is indexed do not go together. */
export async function openFaultyParts(injected: readonly Fault[], options: PartsOptions): Promise<Parts> {
  const engine = faultyEngine(injected, createEngine({ embedWorkers: options.env.FOOTNOTE_EMBED_WORKERS }));
  const parts = await openParts({ ...options, engine });
  const [extractive] = parts.models;
  return {
    ...parts,
    models: [...parts.models, ...faultyModels(injected, extractive)],
    rerankers: [...parts.rerankers, ...injected.flatMap(({ reranker }) => reranker ?? [])],
  };
}

export const faultyEngine = (injected: readonly Fault[], made: Engine): Engine =>
  injected.reduce((engine, fault) => fault.engine?.(engine) ?? engine, made);

export const faultyModels = (injected: readonly Fault[], extractive: LanguageModel): LanguageModel[] =>
  injected.flatMap(({ name, model }) => (model ? [{ ...model(extractive), name }] : []));

/** Share of sentences that the scripted generator makes up. */
export const unsupportedShare = 0.3;

const withoutModel = { promptTokens: 0, completionTokens: 0, cachedTokens: 0 } as const;

export const faults: readonly Fault[] = [
  {
    name: "drop-lexical",
    description: "the lexical leg is not asked",
    spec: (spec) => ({ ...spec, candidates: { ...spec.candidates, lexical: 0 } }),
  },
  {
    name: "halve-chunks",
    description: "only the first half of every chunk is indexed",
    engine: withChunker(halved),
  },
  {
    name: "shuffle-ranks",
    description: "the 50 best hits come in random order",
    spec: (spec) => ({ ...spec, reranker: { type: "cross-encoder", model: "shuffle", candidates: 50, weight: 1 } }),
    reranker: createShuffle(),
  },
  {
    name: "cite-neighbour",
    description: "every sentence cites the chunk beside the one that it was taken from",
    model: citingNeighbours,
  },
  {
    name: "answer-unanswerable",
    description: "no support is asked of an answer",
    spec: (spec) => ({ ...spec, answer: { ...spec.answer, minSupport: 0 } }),
  },
  {
    name: "truncate-context",
    description: "one chunk is given to the model, and nothing around it",
    spec: (spec) => ({ ...spec, topK: 1, packing: { ...spec.packing, strategy: "none", maxTokens: 64 } }),
  },
  {
    name: "hash-embedder",
    description: "vectors come from a hash of the text",
    engine: withEmbedder(hashing),
  },
  {
    name: "unsupported-sentences",
    description: `a scripted generator makes up ${unsupportedShare * 100} % of its sentences`,
    model: makingUp,
  },
];

function withChunker(wrap: (chunker: Chunker) => Chunker): (made: Engine) => Engine {
  return (made) => ({ ...made, chunkerFor: (strategy) => wrap(made.chunkerFor(strategy)) });
}

function halved(chunker: Chunker): Chunker {
  return {
    strategy: chunker.strategy,
    chunk: (request) =>
      chunker.chunk(request).map((draft) => {
        // Not within a surrogate pair.
        const text = draft.text.slice(0, Math.ceil(draft.text.length / 2)).replace(/[\uD800-\uDBFF]$/u, "");
        return text.trim() === "" ? draft : { ...draft, text, end: draft.start + text.length, tokenCount: request.countTokens(text) };
      }),
  };
}

function withEmbedder(wrap: (embedder: Embedder) => Embedder): (made: Engine) => Engine {
  return (made) => {
    // Token vectors stay: only what they are asked for beside changes.
    const embedder = { ...made.embedder, ...wrap(made.embedder) };
    return {
      ...made,
      embedder,
      embedderFor: (space) => (space === embedder.space.id ? embedder : made.embedderFor(space)),
    };
  };
}

function hashing(embedder: Embedder): Embedder {
  return {
    ...embedder,
    async embed(request) {
      const real = await embedder.embed(request);
      return real.map((embedding, index) => {
        const random = createRandom(
          createHash("sha256")
            .update(request.texts[index] ?? "")
            .digest()
            .readUInt32BE(0),
        );
        const vector = embedding.vector.map(() => random() - 0.5);
        const norm = Math.hypot(...vector);
        return { ...embedding, vector: vector.map((value) => value / norm) };
      });
    },
  };
}

function createShuffle(): Reranker {
  return {
    name: "shuffle",
    capabilities: { maxCandidates: 200, needsTokenVectors: false },
    async rerank({ query, candidates }) {
      // By place, not by chunk id: ids differ from store to store.
      return { scores: candidates.map(({ chunk }) => Number.parseInt(sha256(`${query}\n${chunk.start}\n${chunk.text}`).slice(0, 8), 16)) };
    },
  };
}

/** What the model quotes, as sentences of a generative model. */
async function* rewritten(
  model: LanguageModel,
  request: GenerateRequest,
  sentence: (quote: Extract<ModelEvent, { type: "quote" }>, order: number) => string,
): AsyncGenerator<ModelEvent, void, void> {
  let order = 0;
  for await (const event of model.generate(request)) {
    if (event.type === "quote") {
      yield { type: "text-delta", text: `${sentence(event, order)}\n` };
      order += 1;
    } else if (event.type === "finish") yield { ...event, ...withoutModel };
    else yield event;
  }
}

function citingNeighbours(model: LanguageModel): LanguageModel {
  return {
    ...model,
    generate: (request) => rewritten(model, request, ({ text, marker }) => `${asSentence(text)} [${neighbour(request.sources, marker)}]`),
  };
}

/** The source that stands beside this one in its document, else the next source. */
function neighbour(sources: readonly ModelSource[], marker: number): number {
  const chunk = sources.find((source) => source.marker === marker)?.hit.chunk;
  const beside = sources.find(
    ({ hit }) => chunk !== undefined && hit.chunk.versionId === chunk.versionId && Math.abs(hit.chunk.ordinal - chunk.ordinal) === 1,
  );
  return beside?.marker ?? (marker % sources.length) + 1;
}

/** After some of the true sentences a false one, so many that they are `unsupportedShare` of all. */
function makingUp(model: LanguageModel): LanguageModel {
  const often = unsupportedShare / (1 - unsupportedShare);
  return {
    ...model,
    generate: (request) =>
      rewritten(model, request, ({ text, marker }, order) => {
        const dice = Number.parseInt(sha256(`${request.question}\n${order}`).slice(0, 8), 16) / 2 ** 32;
        const said = `${asSentence(text)} [${marker}]`;
        return dice < often ? `${said}\n${madeUp} [${marker}]` : said;
      }),
  };
}

const madeUp = "The supervisory board rejected this in the spring of 1987 for want of 412 signatures.";

const asSentence = (text: string): string => {
  const line = text.replace(/\s+/gu, " ").trim();
  return /[.!?]$/u.test(line) ? line : `${line}.`;
};
