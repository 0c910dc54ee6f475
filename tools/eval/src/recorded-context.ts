import type { Answer, AnswerTrace, ChunkReader, LanguageModel, PipelineSpec, TenantActor } from "@footnote/core";
import { createSystemClock, newId, scopes } from "@footnote/core";
import { createSilentTelemetry } from "@footnote/core/testing";
import type { ServiceContext } from "@footnote/service";
import type { Store } from "@footnote/storage";

export const replayer: TenantActor = { type: "system", id: "replay", tenantId: newId("tenant"), scopes, collections: null };

/** What an answer was made from, as its trace recorded it. */
export interface Recorded {
  spec: PipelineSpec;
  history: readonly { question: string; answer: string }[];
  chunks: ChunkReader;
  model: LanguageModel;
  retriever: NonNullable<ServiceContext["retriever"]>;
  save(answer: Answer, trace: AnswerTrace): void;
}

/** What the verb `ask` works on, where everything but the code comes from a trace: one collection with one conversation. */
export function recordedContext(recorded: Recorded): ServiceContext {
  const { spec, history, chunks, model, retriever } = recorded;
  const now = new Date();
  const collection = {
    id: newId("collection"),
    name: "recorded",
    settings: { pipeline: spec },
    documentCount: 1,
    createdAt: now,
    updatedAt: now,
  };
  const turns = history.map(({ question, answer }) => ({ answerId: newId("answer"), question, text: answer, createdAt: now }));
  const store = onlyPartly<Store>({
    collections: onlyPartly<Store["collections"]>({ get: async () => collection }),
    conversations: onlyPartly<Store["conversations"]>({
      create: async () => newId("conversation"),
      get: async (_tenantId, id) => ({ id, collectionId: collection.id, createdAt: now, turns }),
    }),
    answers: onlyPartly<Store["answers"]>({
      async save(_tenantId, answer, { trace }) {
        if (trace) recorded.save(answer, trace);
      },
    }),
    usage: onlyPartly<Store["usage"]>({ record: async () => {} }),
    chunks,
  });
  const unused = () => {
    throw new Error("A replay asks one question and does nothing else.");
  };
  return {
    store,
    queue: { wake: unused },
    jobEvents: { publish: unused, subscribe: unused, share: unused, requestCancel: unused, onCancel: unused },
    detectMediaType: unused,
    embedderFor: unused,
    rerankers: [],
    modelNamed: () => model,
    actorOf: unused,
    forgetKey: unused,
    judges: {},
    retriever,
    telemetry: createSilentTelemetry(),
    clock: createSystemClock(),
  };
}

/** Something of which only these parts exist: whoever needs another one fails. */
function onlyPartly<T extends object>(parts: Partial<T>): T {
  const get = (target: Partial<T>, name: string | symbol): unknown => {
    if (name in target) return Reflect.get(target, name);
    throw new Error(`A trace does not record ${String(name)}.`);
  };
  return new Proxy(parts, { get }) as T;
}
